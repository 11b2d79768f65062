// The style of the live page. Dark, because it is looked at in the night.

export const PAGE_STYLE = `
:root { color-scheme: dark; overflow-y: scroll; }
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 80rem; padding: 1rem;
  background: #14181d; color: #d7dde4; font: 15px/1.45 system-ui, sans-serif;
}
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 1.5rem 0 .4rem; font-weight: 600; }
#phase { color: #7fb7ea; font-weight: 600; }
.notice, .alarm { margin: .8rem 0 0; padding: .5rem .8rem; border-radius: .3rem; }
.notice { background: #23405c; }
.alarm { background: #5c4a1a; }
dl {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(12.5rem, 1fr));
  gap: .6rem 1rem; margin: 1rem 0 0;
}
dt { color: #9aa5b1; font-size: .85rem; }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.large dd { font-size: 1.25rem; }
canvas { display: block; width: 100%; touch-action: none; }
#map { cursor: crosshair; }
.under { display: flex; flex-wrap: wrap; gap: 0 1.2rem; color: #9aa5b1; min-height: 1.5em; }
ul { list-style: none; padding: 0; margin: 0; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.4rem; margin-top: .4rem; }
.legend span { color: #9aa5b1; }
#messages { max-height: 16rem; overflow: auto; font-size: .9rem; }
#messages .warning { color: #f0b429; }
button {
  font: inherit; color: inherit; background: #2b333d; border: 1px solid #46515e;
  border-radius: .3rem; padding: .1rem .6rem; cursor: pointer;
}
[hidden] { display: none !important; }
`;
