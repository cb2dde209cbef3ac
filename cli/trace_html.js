'use strict';
(() => {
    const $ = (id) => document.getElementById(id);
    const chart = document.querySelector('.chart');
    const plot = document.querySelector('.plot');
    const list = document.querySelector('.rows');
    const ticks = document.querySelector('.ticks');
    const lines = document.querySelector('.lines');
    const first = Number(plot.dataset.first), last = Number(plot.dataset.last);
    const ZOOM_MAX = 1000;

    /* ---- Rows: sorted, grouped, those that failed ---- */

    const rows = Array.from(list.querySelectorAll('.exchange'), (element, order) => ({
        element, order,
        group: element.closest('.host'),
        start: Number(element.dataset.start),
        took: Number(element.dataset.took),
        host: element.dataset.host,
        result: element.dataset.result,
        failed: 'failed' in element.dataset,
    }));

    const orders = {
        start: (a, b) => a.start - b.start || a.order - b.order,
        took: (a, b) => b.took - a.took || a.order - b.order,
        host: (a, b) => a.host.localeCompare(b.host) || a.order - b.order,
        result: (a, b) => b.failed - a.failed || a.result.localeCompare(b.result) || a.order - b.order,
    };

    function arrange() {
        const grouped = $('group').checked, only = $('failures').checked;
        const sorted = rows.slice().sort(orders[$('sort').value]);
        const shown = new Set();
        let n = 0;
        for (const row of sorted) {
            row.element.hidden = only && !row.failed;
            n += !row.element.hidden;
            if (grouped && row.group) {
                row.group.append(row.element);
                if (!shown.has(row.group))
                    list.append(row.group);
                shown.add(row.group);
            } else {
                list.append(row.element);
            }
        }
        for (const group of list.querySelectorAll('.host'))
            group.hidden = !grouped || !group.querySelector('.exchange:not([hidden])');
        $('shown').textContent = n === rows.length ? '' : `${n} of ${rows.length} shown`;
    }

    function fold() {
        const groups = Array.from(list.querySelectorAll('.host'));
        const open = !groups.some((group) => group.open);
        for (const group of groups)
            group.open = open;
        $('fold').textContent = open ? 'Fold all' : 'Unfold all';
    }

    /* ---- The axis of time ---- */

    const box = () => ticks.getBoundingClientRect();

    function label(ns, step) {
        if (ns === 0)
            return '0';
        const [unit, name] = [[1e9, 's'], [1e6, 'ms'], [1e3, '\u00b5s'], [1, 'ns']]
            .find(([size]) => size <= Math.abs(ns)) || [1, 'ns'];
        let decimals = 0;
        for (let part = unit; part > 1 && step % part && decimals < 6; part /= 10)
            decimals++;
        return `${(ns / unit).toFixed(decimals)} ${name}`;
    }

    function roundStep(least) {
        for (let power = 1; ; power *= 10)
            for (const leading of [1, 2, 5])
                if (power * leading >= least)
                    return power * leading;
    }

    function svg(parent, name, attributes, text) {
        const element = document.createElementNS('http://www.w3.org/2000/svg', name);
        for (const key in attributes)
            element.setAttribute(key, attributes[key]);
        element.textContent = text;
        parent.append(element);
    }

    /* Only what can be seen gets ticks: zoomed in, there would be many. */
    function drawTicks() {
        const {width, left} = box(), seen = chart.getBoundingClientRect();
        const whole = last - first, perPixel = whole / width;
        const step = roundStep(Math.min(90, width / 3) * perPixel);
        const from = Math.max(first, first + (seen.left - left) * perPixel - step);
        const to = Math.min(last, first + (seen.right - left) * perPixel + step);
        ticks.replaceChildren();
        lines.replaceChildren();
        for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
            const x = `${(at - first) / whole * 100}%`;
            svg(ticks, 'text', {x, y: 16, class: at === first ? 'first' : ''}, label(at, step));
            svg(lines, 'line', {x1: x, x2: x, y2: '100%', class: 'grid'}, '');
        }
    }

    let waiting = false;
    function redraw() {
        if (!waiting)
            requestAnimationFrame(() => { waiting = false; drawTicks(); });
        waiting = true;
    }

    /* ---- Zoom ---- */

    let zoom = 1;

    /* What is below this x of the window stays where it is. */
    function setZoom(wanted, x) {
        const before = box(), seen = chart.getBoundingClientRect();
        const edge = before.left + chart.scrollLeft;
        x = Math.min(Math.max(x === undefined ? (edge + seen.right) / 2 : x, edge), seen.right);
        const part = (x - before.left) / before.width;
        zoom = Math.min(Math.max(wanted, 1), ZOOM_MAX);
        plot.style.setProperty('--zoom', zoom);
        const after = box();
        chart.scrollLeft += after.left + part * after.width - x;
        $('level').textContent = `${Math.round(zoom * 100)}%`;
        $('out').disabled = zoom === 1;
        $('in').disabled = zoom === ZOOM_MAX;
        redraw();
    }

    function wheel(event) {
        if (!event.ctrlKey && !event.metaKey && !event.target.closest('.axis'))
            return;
        if (Math.abs(event.deltaX) > Math.abs(event.deltaY))
            return;
        event.preventDefault();
        const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
        setZoom(zoom * Math.exp(-event.deltaY * lines / 300), event.clientX);
    }

    let pinch = null;
    const spread = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;

    function touch(event) {
        if (event.touches.length !== 2) {
            pinch = null;
            return;
        }
        const [a, b] = event.touches;
        event.preventDefault();
        if (!pinch)
            pinch = {spread: spread([a, b]), zoom};
        setZoom(pinch.zoom * spread([a, b]) / pinch.spread, (a.clientX + b.clientX) / 2);
    }

    /* ---- Keys ---- */

    function canBeSeen(summary) {
        const group = summary.parentElement.parentElement.closest('.host');
        return !summary.closest('[hidden]') && (!group || group.open);
    }

    function step(from, by) {
        const all = Array.from(list.querySelectorAll('summary')).filter(canBeSeen);
        const at = all.indexOf(from);
        const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
        if (next)
            next.focus();
    }

    function key(event) {
        if (event.ctrlKey || event.metaKey || event.altKey)
            return;
        const focus = document.activeElement;
        const actions = {
            '+': () => setZoom(zoom * 1.5), '=': () => setZoom(zoom * 1.5),
            '-': () => setZoom(zoom / 1.5), '0': () => setZoom(1),
            'ArrowDown': () => step(focus, 1), 'ArrowUp': () => step(focus, -1),
        };
        const action = actions[event.key];
        if (!action || (focus === chart && event.key.startsWith('Arrow')))
            return;
        event.preventDefault();
        action();
    }

    /* ---- All of it ---- */

    for (const id of ['sort', 'failures', 'group'])
        $(id).addEventListener('change', arrange);
    $('fold').addEventListener('click', fold);
    $('fold').disabled = !list.querySelector('.host');
    $('in').addEventListener('click', () => setZoom(zoom * 1.5));
    $('out').addEventListener('click', () => setZoom(zoom / 1.5));
    $('fit').addEventListener('click', () => setZoom(1));
    chart.addEventListener('wheel', wheel, {passive: false});
    for (const name of ['touchstart', 'touchmove', 'touchend', 'touchcancel'])
        chart.addEventListener(name, touch, {passive: false});
    chart.addEventListener('keydown', key);
    chart.addEventListener('scroll', redraw, {passive: true});
    addEventListener('resize', redraw);
    document.querySelector('.tools').hidden = false;
    setZoom(1);
})();
