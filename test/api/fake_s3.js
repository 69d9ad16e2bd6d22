// fake_s3.js - an object store in memory that checks every signature (AWS Signature Version 4) the way
// the documentation tells, from the bytes that arrived. Keys: id KEY, secret SECRET.
"use strict";
const { createHash, createHmac } = require("node:crypto");
const http = require("node:http");

const hash = (text) => createHash("sha256").update(text).digest("hex");
const mac = (key, text) => createHmac("sha256", key).update(text).digest();

// Why the request is refused; undefined: it is signed as it must be.
function refusal(req, body, secret) {
  const hit = /^AWS4-HMAC-SHA256 Credential=KEY\/(\d{8})\/([\w-]+)\/s3\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})$/
    .exec(req.headers.authorization ?? "");
  if (!hit) return "InvalidAccessKeyId";
  const [, day, region, names, signature] = hit, signed = names.split(";"), date = req.headers["x-amz-date"];
  const must = Object.keys(req.headers).filter((name) => name === "host" || name.startsWith("x-amz-"));
  if (must.some((name) => !signed.includes(name)) || signed.join() !== [...signed].sort().join()) return "AccessDenied";
  if (!/^\d{8}T\d{6}Z$/.test(date) || !date.startsWith(day)) return "AccessDenied";
  const at = Date.parse(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z"));
  if (Math.abs(Date.now() - at) > 900000) return "RequestTimeTooSkewed";
  if (req.headers["x-amz-content-sha256"] !== hash(body)) return "XAmzContentSHA256Mismatch";
  const [path, query = ""] = req.url.split("?");
  const canonical = [req.method, path, query.split("&").sort().join("&"),
    ...signed.map((name) => `${name}:${req.headers[name].trim().replace(/ +/g, " ")}`), "", names, hash(body)].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const key = [region, "s3", "aws4_request"].reduce(mac, mac(`AWS4${secret}`, day));
  const expected = mac(key, ["AWS4-HMAC-SHA256", date, scope, hash(canonical)].join("\n")).toString("hex");
  return expected === signature ? undefined : "SignatureDoesNotMatch";
}

// `virtual`: the bucket stands before the host. `instead` may answer a request itself: (req, res, body) -> true.
async function fake_s3({ buckets = [], virtual = false, instead = () => false } = {}) {
  const objects = new Map(), asked = [], uploads = new Map();
  // Uploads in parts: what is not completed is never seen.
  function parts_of(req, res, name, body, query, fail) {
    const id = query.get("uploadId"), upload = uploads.get(id), reply = (text, headers) => { res.writeHead(200, headers); res.end(text); };
    if (query.has("uploads")) {
      uploads.set(`u/${uploads.size}`, new Map());
      return reply(`<InitiateMultipartUploadResult><UploadId>u/${uploads.size - 1}</UploadId></InitiateMultipartUploadResult>`);
    }
    if (!upload) return fail(404, "NoSuchUpload");
    if (req.method === "PUT") {
      upload.set(Number(query.get("partNumber")), body);
      return reply("", { ETag: `"${hash(body)}"` });
    }
    if (req.method === "DELETE") {
      uploads.delete(id);
      res.writeHead(204);
      return res.end();
    }
    const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"(\w+)"<\/ETag>/g)];
    if (!named.length || named.some(([, n, etag]) => !upload.has(Number(n)) || hash(upload.get(Number(n))) !== etag)) return fail(400, "InvalidPart");
    if (named.slice(0, -1).some(([, n]) => upload.get(Number(n)).length < 5 << 20)) return fail(400, "EntityTooSmall");
    objects.set(name, Buffer.concat(named.map(([, n]) => upload.get(Number(n)))));
    uploads.delete(id);
    return reply("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
  }
  const server = http.createServer((req, res) => {
    const parts = [];
    req.on("data", (part) => parts.push(part));
    req.on("end", () => {
      const body = Buffer.concat(parts), why = refusal(req, body, "SECRET");
      const path = decodeURIComponent(req.url.split("?")[0].slice(1));
      const bucket = virtual ? req.headers.host.split(".")[0] : path.split("/")[0];
      const key = virtual ? path : path.slice(bucket.length + 1), name = `${bucket}/${key}`;
      const answer = (status, text = "") => { res.writeHead(status); res.end(req.method === "HEAD" ? "" : text); };
      const fail = (status, code) => answer(status, `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No: ${code}</Message></Error>`);
      asked.push(`${req.method} ${name}`);
      if (instead(req, res, body)) return undefined;
      if (why) return fail(403, why);
      if (!buckets.includes(bucket)) return fail(404, "NoSuchBucket");
      if (!key) return answer(200);
      const query = new URLSearchParams(req.url.split("?")[1]);
      if (query.has("uploads") || query.has("uploadId")) return parts_of(req, res, name, body, query, fail);
      if (req.method === "PUT") objects.set(name, body);
      else if (!objects.has(name)) return fail(404, "NoSuchKey");
      if (req.method === "DELETE") objects.delete(name);
      return answer(req.method === "DELETE" ? 204 : 200, req.method === "GET" ? objects.get(name) : "");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: server.address().port, url: `http://127.0.0.1:${server.address().port}`, objects, asked, uploads,
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

module.exports = { fake_s3 };
