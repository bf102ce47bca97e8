// Data beside the page, by plain script tags: a page that was opened as a file may read nothing otherwise.

const waiting = new Map();

/** Loads a file of data once; what it holds is told by its own call. */
function load(path) {
  if (!waiting.has(path)) {
    let settle;
    const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
    waiting.set(path, { promise, ...settle });
    const script = make("script", { src: path });
    script.onerror = () => settle.reject(new Error(`${path} is missing: keep the folder of the report together`));
    document.head.append(script);
  }
  return waiting.get(path).promise;
}

window.firsthit = {
  report: (data) => begin(data),
  details: (number, rows) => waiting.get(`data/details-${number}.js`).resolve(rows),
  source: (number, lines) => waiting.get(`data/source-${number}.js`).resolve(lines),
};

/** What is known of one chain beyond the lists. */
async function chainDetails(chain) {
  const rows = await load(`data/details-${Math.floor(chain / report.chunk)}.js`);
  return rows[chain % report.chunk];
}

const sourceLines = (file) => load(`data/source-${file}.js`);
