// markdown.tsx - a text tile. The text is hostile: it becomes nodes through DOMPurify only, with no
// images, forms or styles; nothing in it can load from elsewhere.
import DOMPurify from "dompurify";
import { Marked } from "marked";
import { useLayoutEffect, useRef } from "preact/hooks";

const TAGS = ["a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i",
  "li", "ol", "p", "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"];

const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** HTML inside the text is shown as the text it is; an image becomes a link to it. */
const marked = new Marked({ async: false, gfm: true, breaks: true, renderer: {
  html: ({ text }) => escaped(text),
  image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
} });

export function markdownNodes(text: string): DocumentFragment {
  const html = marked.parse(text) as string;
  const nodes = DOMPurify.sanitize(html, { ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ["href", "title", "start"],
    ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|\/(?!\/)|#)/i,
    RETURN_DOM_FRAGMENT: true });
  for (const link of nodes.querySelectorAll("a[href]")) {
    if (/^(?:https?:|mailto:)/i.test(link.getAttribute("href")!)) {
      link.setAttribute("target", "_blank");
      link.setAttribute("rel", "noopener noreferrer nofollow");
    }
  }
  return nodes;
}

export function Markdown({ text }: { text: string }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => box.current!.replaceChildren(markdownNodes(text)), [text]);
  return <div class="prose" ref={box} />;
}
