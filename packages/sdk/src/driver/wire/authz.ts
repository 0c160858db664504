import { driverSdkErrors } from "../errors.ts";
import { type AuthzAnswer, type AuthzPlugin, type AuthzRequest, type AuthzResponse, allow } from "../interfaces/authz-plugin.ts";
import { type Fields, named } from "./fields.ts";
import { present, type ServedInterface, type WireAnswer } from "./served-interface.ts";

/** In the shapes of moby pkg/authorization `api.go`: bodies in base64, certificates as base64 of PEM. */
export function serveAuthz(plugin: AuthzPlugin): ServedInterface {
  return {
    // Engines know the interface by one name and its methods by another.
    name: "authz",
    prefix: "AuthZPlugin",
    // Engines show `Msg` (Engine 20.10 was seen to show nothing of `Err`), and look at `Err` only where `Allow` is false.
    refuse: (message) => ({ Allow: false, Msg: message, Err: message }),
    ...(plugin.close === undefined ? {} : { close: () => plugin.close?.() }),
    methods: {
      AuthZReq: {
        withFields: async (fields, context) => answerOf(await plugin.request(requestOf(fields), context), context.method),
      },
      AuthZRes: {
        withFields: async (fields, context) => {
          const request = responseOf(fields);
          return answerOf(plugin.response === undefined ? allow : await plugin.response(request, context), context.method);
        },
      },
    },
  };
}

/** Whatever is not plainly allowed is refused. */
function answerOf(answer: AuthzAnswer, method: string): WireAnswer {
  if (answer?.allow === true) return { Allow: true };
  if (answer?.allow === false) return { Allow: false, Msg: answer.message };
  throw driverSdkErrors["driver-answer-invalid"]({ method, found: named(answer), expected: "allow, or deny(why)" });
}

function requestOf(fields: Fields): AuthzRequest {
  return {
    ...(present({
      user: fields.optionalText("User"),
      authenticationMethod: fields.optionalText("UserAuthNMethod"),
      body: bytesOf(fields, "RequestBody"),
    }) as Pick<AuthzRequest, "user" | "authenticationMethod" | "body">),
    method: fields.text("RequestMethod"),
    uri: fields.text("RequestUri"),
    headers: fields.texts("RequestHeaders"),
    peerCertificates: fields.textList("RequestPeerCertificates").map((each) => Buffer.from(each, "base64").toString("utf8")),
  };
}

function responseOf(fields: Fields): AuthzResponse {
  const body = bytesOf(fields, "ResponseBody");
  const response = { status: fields.number("ResponseStatusCode"), headers: fields.texts("ResponseHeaders") };
  return { ...requestOf(fields), response: body === undefined ? response : { ...response, body } };
}

/** A body that can't be read is no empty one: whoever judges it would be fooled. */
function bytesOf(fields: Fields, field: string): Buffer | undefined {
  const text = fields.optionalText(field);
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") === text) return bytes;
  throw driverSdkErrors["call-body-invalid"]({ field, found: "another text", expected: "base64" });
}
