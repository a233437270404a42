/** The report's own style: a quiet page that reads on wide screens, on phones, in the dark and on paper. */
export const REPORT_CSS = `*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--background);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
header,main,footer{max-width:1200px;margin:0 auto;padding:0 20px}
header{padding-top:40px}
h1{font-size:2rem;line-height:1.2;font-weight:650;letter-spacing:-.01em;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.45rem;font-weight:650;margin:0 0 12px;padding-top:22px;border-top:1px solid var(--faint)}
h3{font-size:1.08rem;font-weight:650;margin:28px 0 8px}
section{margin:44px 0}
p,ul.words{max-width:76ch}
p{margin:8px 0}
.lead,.muted,.over,figcaption .muted{color:var(--muted)}
.over{margin-bottom:4px;font-size:.9rem}
a{color:var(--accent)}
nav ul,.legend,.key{list-style:none;margin:12px 0;padding:0;display:flex;flex-wrap:wrap;gap:4px 20px}
nav ul{padding:10px 0;border-top:1px solid var(--faint);border-bottom:1px solid var(--faint);font-size:.94rem}
nav a{display:inline-block;padding:3px 0}
.legend,.key{font-size:.88rem}
.legend li{display:flex;align-items:center;gap:6px;overflow-wrap:anywhere}
.legend.tall{display:grid;gap:4px}
.legend svg{flex:none}
.key{flex-direction:column;gap:2px}
.key li{overflow-wrap:anywhere}
.key b{display:inline-block;min-width:1.4em}
.keys{display:grid;gap:4px 40px;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));margin:12px 0}
.keys .key{margin:2px 0}
.words{padding-left:1.2em}
.words li{margin:6px 0}
.winner{color:var(--text)}
.flag{color:var(--accent)}
.note{border-left:3px solid var(--accent);background:var(--panel);padding:10px 16px;margin:20px 0;max-width:80ch}
.facts{margin:12px 0;display:grid;gap:6px}
.facts div{display:grid;grid-template-columns:9rem 1fr;gap:12px}
.facts dt{color:var(--muted)}
.facts dd{margin:0;overflow-wrap:anywhere}
code,pre{font:.9em ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
code{overflow-wrap:anywhere}
pre{margin:4px 0;padding:12px 16px;background:var(--panel);border:1px solid var(--faint);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}
.gallery{display:grid;gap:28px 30px;margin:18px 0;align-items:end}
.gallery.small{grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr))}
.gallery.medium{grid-template-columns:repeat(auto-fill,minmax(min(100%,430px),1fr))}
.gallery.medium figure{max-width:500px}
figure{margin:0;min-width:0;max-width:560px}
figcaption{font-size:.92rem;margin-bottom:6px}
.chart .as{fill:var(--background);stroke:var(--text);stroke-width:1.2}
.chart .core{stroke-width:2}
.chart .small{font-size:10px}
.swatch{vertical-align:-1px}
.scroll{overflow-x:auto;margin:14px 0;border:1px solid var(--faint);border-radius:6px}
table{border-collapse:collapse;font-size:.86rem;line-height:1.35;min-width:100%}
caption{text-align:left;padding:10px 12px;font-weight:600;position:sticky;left:0}
th,td{padding:6px 12px;text-align:right;vertical-align:top;white-space:nowrap;border-top:1px solid var(--faint)}
th{font-weight:600}
thead th{background:var(--panel);vertical-align:bottom;white-space:normal;min-width:5.2em}
tbody th{font-weight:500}
th:first-child{text-align:left;position:sticky;left:0;background:var(--background)}
thead th:first-child{background:var(--panel)}
td small{display:block;color:var(--muted);font-size:.85em}
th small{font-weight:400;color:var(--muted);white-space:nowrap}
table.words th,table.words td{text-align:left}
td .names,td .prose{display:block;text-align:left;white-space:normal;min-width:14em}
td .prose{min-width:22em}
td strong{font-weight:750}
abbr{text-decoration:none}
details{margin:12px 0}
summary{cursor:pointer;padding:6px 0;color:var(--accent)}
details.phase{border-top:1px solid var(--faint);margin:0}
details.phase>summary{padding:10px 0;color:var(--text)}
.controls{display:flex;flex-wrap:wrap;gap:10px 22px;align-items:end;margin:16px 0;padding:12px 16px;background:var(--panel);border-radius:6px;font-size:.92rem}
.controls[hidden]{display:none}
.controls label{display:grid;gap:3px;min-width:0}
.controls select,button{font:inherit;color:inherit;background:var(--background);border:1px solid var(--axis);border-radius:5px;padding:5px 10px;max-width:100%}
button{cursor:pointer}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.dim{opacity:.16}
.off{display:none}
footer{margin:60px auto 40px;color:var(--muted);font-size:.9rem}
@media(max-width:560px){body{font-size:15px}header{padding-top:24px}h1{font-size:1.55rem}header,main,footer{padding:0 16px}section{margin:32px 0}.facts div{grid-template-columns:1fr;gap:0}th,td{padding:5px 8px}tbody th:first-child,thead th:first-child{max-width:9.5em;white-space:normal;overflow-wrap:break-word}}
@media print{@page{margin:14mm}body{font-size:10pt}header,main,footer{max-width:none;padding:0}header{padding-top:0}nav,.controls,button,details.data,details:not(.phase){display:none}
section{margin:18pt 0}h2,h3,figcaption,caption{break-after:avoid}figure,tr,.note,li{break-inside:avoid}.gallery.small{grid-template-columns:repeat(3,1fr);gap:12pt}.gallery.medium{grid-template-columns:repeat(2,1fr);gap:12pt}
.scroll{overflow:visible;border:0}table{font-size:6.6pt;min-width:0}th,td{padding:2pt 3pt;white-space:normal}thead th{min-width:0}caption{padding:4pt 0}th:first-child,caption{position:static}td .names,td .prose{min-width:0}
details.phase::details-content{display:block;content-visibility:visible;height:auto}a{color:inherit;text-decoration:none}}`;
