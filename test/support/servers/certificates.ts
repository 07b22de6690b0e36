/** A certificate authority for one test, and certificates by it for 127.0.0.1, localhost and a client. All PEM. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly ca: string;
  readonly server: KeyPair;
  readonly client: KeyPair;
  /** Where the same things lie: `ca.pem`, and `.pem` and `.key` of `server` and `client`. */
  readonly folder: string;
}

/** @param folder an existing folder that the files are written to */
export async function makeCertificates(folder: string, openssl: string): Promise<Certificates> {
  const run = (...args: string[]) => promisify(execFile)(openssl, args, { cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await run("req", "-x509", ...key, "-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem");

  const issue = async (name: string): Promise<KeyPair> => {
    const extensions = `${name}.ext`;
    await writeFile(join(folder, extensions), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    await run("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", extensions];
    await run("x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.pem`);
    return { cert: await read(`${name}.pem`), key: await read(`${name}.key`) };
  };
  const read = (file: string) => readFile(join(folder, file), "utf8");
  return { ca: await read("ca.pem"), server: await issue("server"), client: await issue("client"), folder };
}
