// browser.js - Debian's Chromium on the page, noting what must not happen: requests to elsewhere,
// errors on the console.
"use strict";
const { chromium } = require("../node_modules/playwright-core");

const flags = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// A request the server refused is no error of the page, though the console tells of it.
const refused = /Failed to load resource: the server responded with a status of 4\d\d/;

// {browser, open(options), close}; open: {page, errors, foreign, context} on a fresh profile.
async function launch(url) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
  async function open(options = {}, harmless = refused) {
    const context = await browser.newContext({ baseURL: url, locale: "en-GB", timezoneId: "Pacific/Auckland", ...options });
    const page = await context.newPage();
    const errors = [], foreign = [];
    page.on("console", (m) => { if (m.type() === "error" && !harmless.test(m.text())) errors.push(m.text()); });
    page.on("pageerror", (e) => errors.push(String(e)));
    page.on("request", (r) => { if (!r.url().startsWith(url + "/") && !r.url().startsWith("data:")) foreign.push(r.url()); });
    return { page, errors, foreign, context };
  }
  return { browser, open, close: () => browser.close() };
}

async function logIn(page, email, password) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

// How many pixels of a tile's canvas are drawn on, and in how many colours.
function inkOf(page, selector) {
  return page.locator(selector).first().evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colours = new Set();
    let drawn = 0;
    for (let i = 0; i < data.length; i += 4)
      if (data[i + 3] > 200) {
        drawn++;
        colours.add((data[i] >> 5 << 6) | (data[i + 1] >> 5 << 3) | (data[i + 2] >> 5));
      }
    return { drawn, colours: colours.size };
  });
}

module.exports = { launch, logIn, inkOf };
