// What a user of the generated client writes: it compiles only when the document's types fit, lines
// marked as errors among them.
import createClient from "openapi-fetch";
import type { paths, components } from "./schema";

export async function walk(baseUrl: string, key: string, project: number) {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
  const at = { path: { project_id: String(project) } };

  const me = await client.GET("/api/users/{id}/", { params: { path: { id: "@me" } } });
  const email: string = me.data!.email;

  const made = await client.POST("/api/projects/{project_id}/dashboards/",
    { params: at, body: { name: "Made by a generated client", pinned: true } });
  const dashboard: components["schemas"]["Dashboard"] = made.data!;
  const list = await client.GET("/api/environments/{project_id}/dashboards/", { params: { ...at, query: { limit: 10 } } });
  const listed: (string | null)[] = list.data!.results.map((d) => d.name);
  // @ts-expect-error: there is no such field
  list.data!.results[0].nome;

  const tile = await client.POST("/api/projects/{project_id}/dashboards/{id}/create_text_tile/",
    { params: { path: { ...at.path, id: String(dashboard.id) } }, body: { body: "hello" } });
  const query = await client.POST("/api/projects/{project_id}/query/",
    { params: at, body: { query: { kind: "HogQLQuery", query: "SELECT 1 + 1" } } });
  const refused = await client.POST("/api/projects/{project_id}/dashboards/{id}/create_text_tile/",
    // @ts-expect-error: the body is required to have one
    { params: { path: { ...at.path, id: String(dashboard.id) } }, body: {} });
  return { email, listed, tile: tile.data!.text?.body, rows: query.data!.results, code: refused.error!.code };
}
