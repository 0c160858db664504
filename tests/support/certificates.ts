import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TestCertificates {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** An authority of its own and a certificate of 127.0.0.1 signed by it, as PEM files in `folder`. */
export function makeCertificates(folder: string): TestCertificates {
  const file = (name: string): string => join(folder, name);
  const openssl = (...words: readonly string[]): void => void execFileSync("openssl", words, { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    file("authority.key"),
    "-out",
    file("authority.pem"),
    "-subj",
    "/CN=test authority",
    "-days",
    "2",
  );
  openssl("req", ...newKey, "-keyout", file("server.key"), "-out", file("server.csr"), "-subj", "/CN=127.0.0.1");
  writeFileSync(file("server.ext"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n");
  const signed = ["-CA", file("authority.pem"), "-CAkey", file("authority.key"), "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", "-in", file("server.csr"), ...signed, "-out", file("server.pem"), "-extfile", file("server.ext"));
  return { authority: file("authority.pem"), certificate: file("server.pem"), key: file("server.key") };
}
