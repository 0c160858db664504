/** What our host calls itself in answers to /version; by this its clients know it. */
export const hostName = "Outrigger driver host";
