// The page of `sentinel-mtls report`: search, sort, and who is near a chosen service. All that it writes is text.
(() => {
  const graph = document.getElementById('graph');
  const search = document.getElementById('search');
  const chosenText = document.getElementById('chosen');
  const nodes = [...graph.querySelectorAll('.node')];
  const edges = [...graph.querySelectorAll('.edge')];
  const byName = new Map(nodes.map(node => [node.dataset.name, node]));
  const callees = new Map();
  for (const { dataset } of edges) callees.set(dataset.from, [...(callees.get(dataset.from) ?? []), dataset.to]);
  const links = nodes.filter(node => node.tagName === 'a');
  let chosen;

  // sort

  for (const table of document.querySelectorAll('table')) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = heading.textContent;
      heading.replaceChildren(button);
      button.addEventListener('click', () => {
        const down = heading.getAttribute('aria-sort') === 'ascending';
        for (const other of headings) other.removeAttribute('aria-sort');
        heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        sortRows(table.tBodies[0], column, down ? -1 : 1);
      });
    });
  }

  function sortRows(body, column, sign) {
    const rows = [...body.rows].map(row => {
      const { dataset, textContent } = row.cells[column];
      return { row, key: dataset.sort === undefined ? textContent : Number(dataset.sort) };
    });
    rows.sort((a, b) => sign * (typeof a.key === 'number' ? a.key - b.key : a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    body.append(...rows.map(({ row }) => row));
  }

  // search

  let texts;
  function find() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    texts ??= [...document.querySelectorAll('tbody tr')].map(row => ({ row, text: row.textContent.toLowerCase() }));
    const has = text => words.every(word => text.includes(word));
    let hits = 0;
    for (const { row, text } of texts) {
      row.hidden = !has(text);
      if (!row.hidden) hits += 1;
    }
    for (const node of nodes) node.classList.toggle('hit', words.length > 0 && has(node.textContent.toLowerCase()));
    document.getElementById('hits').textContent = words.length === 0 ? '' : `${hits} of ${texts.length} rows`;
    narrow();
  }
  search.addEventListener('input', find);

  // a chosen service

  function choose(name) {
    chosen = byName.has(name) ? name : undefined;
    for (const node of nodes) node.classList.remove('chosen', 'near', 'reached');
    for (const edge of edges) edge.classList.remove('in', 'out');
    chosenText.replaceChildren();
    if (chosen !== undefined) show(chosen);
    narrow();
  }

  function show(name) {
    const callers = new Set();
    for (const edge of edges) {
      const { from, to } = edge.dataset;
      if (from === name) edge.classList.add('out');
      if (to === name) {
        edge.classList.add('in');
        callers.add(to === from ? name : from);
      }
    }
    const direct = new Set(callees.get(name) ?? []);
    const reached = new Set(direct);
    for (const each of reached) for (const next of callees.get(each) ?? []) reached.add(next);
    reached.delete(name);
    byName.get(name).classList.add('chosen', 'near');
    for (const each of [...callers, ...direct]) byName.get(each)?.classList.add('near');
    for (const each of reached) byName.get(each)?.classList.add('reached');
    const list = set =>
      set.size === 0
        ? 'nobody'
        : [...set]
            .sort()
            .map(each => each.replace(/^@/, ''))
            .join(', ');
    const title = document.createElement('strong');
    title.textContent = name;
    const clear = document.createElement('button');
    clear.type = 'button';
    clear.textContent = 'Show all (Esc)';
    clear.addEventListener('click', reset);
    chosenText.append(
      title,
      ` is called by ${list(callers)} and calls ${list(direct)}. Its key reaches ${reached.size} in the end. `,
      clear,
    );
  }

  const narrow = () => graph.classList.toggle('narrowed', chosen !== undefined || search.value.trim() !== '');

  function reset() {
    const from = chosen;
    search.value = '';
    find();
    choose(undefined);
    history.replaceState(null, '', location.pathname + location.search);
    byName.get(from)?.focus();
  }

  const nameOfHash = () => decodeURIComponent(location.hash).replace(/^#service-/, '');
  addEventListener('hashchange', () => choose(nameOfHash()));
  for (const link of links)
    link.addEventListener('click', event => {
      event.preventDefault();
      history.replaceState(null, '', link.getAttribute('href'));
      choose(link.dataset.name);
    });

  // keys: one stop for all of the drawing, arrows inside

  const focusOn = index => {
    for (const link of links) link.setAttribute('tabindex', '-1');
    links[index]?.setAttribute('tabindex', '0');
  };
  focusOn(0);
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  graph.addEventListener('keydown', event => {
    const at = links.indexOf(document.activeElement);
    const step = steps[event.key];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    const next = (at + step + links.length) % links.length;
    focusOn(next);
    links[next].focus();
  });
  addEventListener('keydown', event => {
    if (event.key === '/' && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === 'Escape' && (chosen !== undefined || search.value !== '')) reset();
  });

  const zoom = document.getElementById('zoom');
  // smaller than this, nobody can read the names: it is scrolled instead
  const readable = 0.75;
  const room = graph.parentElement.clientWidth / graph.width.baseVal.value;
  const fitWidth = on => {
    graph.classList.toggle('fit', on);
    zoom.setAttribute('aria-pressed', String(on));
  };
  fitWidth(room >= readable);
  zoom.parentElement.hidden = room >= 1;
  zoom.addEventListener('click', () => fitWidth(!graph.classList.contains('fit')));

  const theme = document.getElementById('theme');
  theme.addEventListener('click', () => {
    const root = document.documentElement;
    const dark = root.dataset.theme === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : root.dataset.theme === 'dark';
    root.dataset.theme = dark ? 'light' : 'dark';
  });

  if (location.hash.startsWith('#service-')) choose(nameOfHash());
})();
