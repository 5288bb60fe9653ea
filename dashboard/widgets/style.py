"""One sheet of style for all screens: system fonts, no outside calls, legible in print and on a small laptop."""

import streamlit as st

SHEET = """
<style>
:root { --ink:#1d2733; --soft:#5b6876; --line:#d9dfe6; --accent:#0b5cad; --good:#1a7f37; --bad:#a4331f;
  --wash:#f4f7fa; --paper:#fff; --track:#e9eef3; --middle:#7d93ab; --faint:#b8c9da; --hair:#eef1f4;
  --good-wash:#eaf6ed; --good-line:#8fc39d; --good-ink:#14532d; --bad-wash:#fbefec; --bad-line:#e0b3a8;
  --care-wash:#fff6dc; --care-line:#e0bf5a; }
@media screen and (prefers-color-scheme: dark) { :root { --ink:#e6ebf0; --soft:#aeb9c5; --line:#3d4854;
  --accent:#7db8f5;
  --good:#7fd494; --bad:#ffa894; --wash:#1e2731; --paper:#141a21; --track:#2a3541; --middle:#8fa3b8; --faint:#52657a;
  --hair:#26303a; --good-wash:#16301f; --good-line:#3c7a4e; --good-ink:#b6ecc4; --bad-wash:#3a1f1a;
  --bad-line:#80483b;
  --care-wash:#33290f; --care-line:#8a7430; } .o-link { color:#10202f !important; }
  [data-testid="stBaseButton-primary"] p, [data-testid="stBaseButton-primaryFormSubmit"] p {
  color:#10202f !important; } }
[data-testid="stElementToolbar"], [data-testid="stDecoration"], [data-testid="stMainMenu"],
[data-testid="InputInstructions"] { display:none !important; }
.block-container { padding:4.4rem 2.2rem 2rem !important; max-width:1560px; }
h1 { font-size:1.7rem !important; padding:0 0 .2rem !important; margin:0 !important; }
h2 { font-size:1.25rem !important; }
h3 { font-size:1.05rem !important; }
[data-testid="stFileUploaderDropzoneInstructions"],
[data-testid="stFileUploaderDropzone"] > span > button > div { display:none; }
[data-testid="stFileUploaderDropzone"] > span > button::after { content:"Выбрать файл"; font-size:1rem; }
html { font-size:100% !important; } /* the reader's own size of type counts; the smallest of ours is 14 px of 16 */
.o-note { color:var(--soft); font-size:.88rem; line-height:1.35; }
.o-link { display:block; text-align:center; background:var(--accent); color:#fff !important; border-radius:6px;
  padding:.5rem .7rem; text-decoration:none !important; font-weight:600; }
.o-address { font-size:1.5rem; font-weight:650; }
.o-code { font:700 2.6rem/1.2 ui-monospace, monospace; letter-spacing:.12em; }
.o-plain { color:var(--accent) !important; }
[data-testid="stCaptionContainer"] p, [data-testid="stCaptionContainer"] { color:var(--soft) !important;
  opacity:1 !important; }
[data-testid="stWidgetLabel"] p { color:var(--ink) !important; opacity:1 !important; }
.o-banner { background:var(--care-wash); border:1px solid var(--care-line); border-radius:6px;
  padding:.35rem .7rem; font-size:.88rem; }
.o-chip { display:inline-block; border:1px solid var(--line); background:var(--wash); border-radius:999px;
  padding:.08rem .6rem; margin:0 .3rem .3rem 0; font-size:.88rem; max-width:100%; }
.o-chip b { font-weight:650; } .o-chip.strong { border-color:var(--good-line); background:var(--good-wash); }
.o-chip.weak { border-color:var(--bad-line); background:var(--bad-wash); }
  .o-chip.lack { border-color:var(--care-line); background:var(--care-wash); }
.o-scale { display:grid; grid-template-columns:9.5rem 1fr; align-items:center; gap:.5rem; font-size:.88rem;
  margin:.12rem 0; }
.o-track { position:relative; height:1.05rem;
  background:linear-gradient(90deg,var(--wash),var(--paper) 50%,var(--wash));
  border:1px solid var(--line); border-radius:3px; }
.o-zero { position:absolute; left:50%; top:0; bottom:0; width:1px; background:var(--middle); }
.o-bar { position:absolute; top:.42rem; height:.18rem; background:var(--middle); border-radius:2px; }
.o-dot { position:absolute; top:.2rem; width:.62rem; height:.62rem; margin-left:-.31rem; border-radius:50%;
  background:var(--accent); }
.o-faint .o-dot { background:var(--faint); } .o-faint .o-bar { background:var(--faint); }
.o-faint { color:var(--soft); }
.o-axis { display:grid; grid-template-columns:9.5rem 1fr; gap:.5rem; color:var(--soft); font-size:.88rem; }
.o-axis div:last-child { display:flex; justify-content:space-between; }
.o-title { font-weight:650; font-size:1rem; line-height:1.25; } .o-rank { color:var(--accent); margin-right:.3rem; }
.o-host { color:var(--soft); font-size:.88rem; line-height:1.3; }
.o-fit { display:flex; align-items:center; gap:.5rem; margin:.25rem 0 .15rem; font-size:.88rem; }
.o-meter { position:relative; flex:1; height:.6rem; background:var(--track); border-radius:4px; overflow:hidden; }
.o-meter i { position:absolute; left:0; top:0; bottom:0; background:var(--accent); border-radius:4px; }
.o-meter u { position:absolute; top:0; bottom:0; background:rgba(11,92,173,.22); }
.o-fit b { min-width:4.9rem; text-align:right; }
.o-demand { display:inline-block; background:var(--good-wash); color:var(--good-ink); border-radius:4px;
  padding:.06rem .45rem;
  font-size:.88rem; margin:.1rem 0; line-height:1.3; }
.o-why { margin:.2rem 0 0 !important; padding:0 !important; list-style:none !important; font-size:.88rem;
  line-height:1.32; }
.o-why li { padding:0 0 0 .95rem !important; text-indent:-.95rem; margin:.1rem 0 !important; font-size:.88rem; }
.o-why .for::before { content:"+ "; color:var(--good); font-weight:700; }
.o-why .against::before { content:"− "; color:var(--bad); font-weight:700; }
.o-scroll { overflow-x:auto; }
.o-table { border-collapse:collapse; width:100%; font-size:.88rem; }
.o-table th { text-align:left; color:var(--soft); font-weight:600; border-bottom:1px solid var(--line);
  padding:.2rem .5rem .2rem 0; }
.o-table td { border-bottom:1px solid var(--hair); padding:.22rem .5rem .22rem 0; vertical-align:top; }
.o-table th.n { text-align:right; } .o-table td.n { text-align:right; font-variant-numeric:tabular-nums; }
.o-decided { font-weight:650; font-size:.9rem; } .o-decided.accepted { color:var(--good);
  } .o-decided.declined { color:var(--bad); }
button:disabled, button:disabled p { color:var(--soft) !important; }
[data-testid="stException"] :is(a, button) { display:none; }
.o-button { width:100%; font:inherit; font-size:.88rem; padding:.32rem .75rem; border:1px solid var(--line);
  border-radius:.5rem; background:transparent; color:inherit; cursor:pointer; min-height:2.4rem; }
.o-button:hover { border-color:var(--accent); color:var(--accent); }
.st-key-buttons button, [class*="st-key-buttons-"] button { padding:.12rem .55rem; min-height:2rem;
  font-size:.88rem; }
.o-if { margin:.1rem 0 .3rem 1.1rem !important; padding:0 !important; font-size:.9rem; }
.o-moves .o-place { white-space:nowrap; width:4.6rem; font-weight:650; }
.o-moves small { font-weight:400; font-size:.88rem; }
.o-moves .entered .o-place, .o-moves .rose .o-place { color:var(--good); }
.o-moves .left .o-place, .o-moves .fell .o-place { color:var(--bad); } .o-moves .left b { color:var(--soft); }
.o-moves td.n { white-space:nowrap; }
.o-reliance { border-left:5px solid var(--line); background:var(--wash); border-radius:4px; padding:.55rem .8rem;
  font-size:1.05rem; line-height:1.4; } .o-reliance.good { border-color:var(--good); }
.o-reliance.care { border-color:var(--care-line); background:var(--care-wash); }
  .o-reliance.bad { border-color:var(--bad);
  background:var(--bad-wash); }
.o-plot { position:relative; display:flex; align-items:flex-end; gap:1px; width:9.5rem; height:2.1rem;
  background:var(--wash); border-radius:3px; padding:0 2px; }
.o-plot i { display:block; width:.24rem; background:var(--faint); border-radius:1px 1px 0 0; }
.o-plot i:last-of-type { background:var(--accent); } .o-plot.bad i:last-of-type { background:var(--bad); }
.o-plot u { position:absolute; left:0; right:0; border-top:1px dashed var(--bad); }
[class*="st-key-buttons-"] button p { font-size:.88rem; }
[data-testid="stPageLink"] p { color:var(--accent) !important; text-decoration:underline; }
.st-key-rows, .st-key-chart { overflow-x:auto; }
@media (max-width: 700px) {
  .st-key-card > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] { flex-direction:column-reverse; }
  .block-container { padding:4.2rem 1rem 2rem !important; }
  .st-key-rows > div { min-width:44rem; } .st-key-chart > div { min-width:37rem; }
  .st-key-rows [data-testid="stHorizontalBlock"] { flex-wrap:nowrap; }
  .st-key-rows [data-testid="stColumn"] { min-width:0 !important; }
  .st-key-frame [data-testid="stColumn"] { min-width:0 !important; flex:1 1 40% !important; }
  .st-key-frame [data-testid="stColumn"]:first-child { flex-basis:100% !important; }
  .o-scale, .o-axis { grid-template-columns:8rem 1fr; }
}
.o-paper { display:none; }
@media print {
  .o-paper { display:block; }
  @page { size:A4; margin:1.2cm; }
  :root { --ink:#000; --soft:#222; --line:#777; --accent:#000; --good:#000; --bad:#000; --wash:#fff; --paper:#fff;
    --track:#ddd; --middle:#555; --faint:#999; --hair:#bbb; --good-wash:#fff; --good-line:#000; --good-ink:#000;
    --bad-wash:#fff; --bad-line:#000; --care-wash:#fff; --care-line:#777; }
  .stApp, .stApp * { color:#000 !important; }
  .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"] { background:#fff !important;
    position:static !important; height:auto !important; overflow:visible !important; display:block !important; }
  .block-container { padding:0 !important; max-width:none !important; }
  .o-dot, .o-bar, .o-zero, .o-meter, .o-meter i, .o-meter u, .o-plot i { print-color-adjust:exact;
    -webkit-print-color-adjust:exact; }
  .o-faint .o-dot { background:#fff; border:1px solid #555; }
  .o-chip.lack { border-style:dashed; } .o-chip.strong { border-width:2px; }
  .o-chip.weak { border-style:dotted; border-width:2px; }
  [data-testid="stHeader"], [data-testid="stSidebar"], button, [data-testid="stSlider"], [data-testid="stButtonGroup"],
  [data-testid="stFileUploader"], [data-testid="stCheckbox"], [data-testid="stTextInput"], [data-testid="stSelectbox"],
  [data-testid="stMultiSelect"], [data-testid="stPopover"], [data-testid="stButton"], [data-testid="stDownloadButton"],
  [data-testid="stForm"], [data-testid="stRadio"], [data-testid="stExpander"] details:not([open]),
  .st-key-frame, .st-key-tour, .st-key-screen-only { display:none !important; }
  html { font-size:82% !important; }
  .o-table tr, .o-scale,
  [data-testid="stVerticalBlock"]:has(.o-title):not(:has([data-testid="stVerticalBlock"] .o-title)),
  .o-why li, .o-chip, [data-testid="stAlert"], .o-banner,
  [data-testid="stHorizontalBlock"]:not(:has([data-testid="stHorizontalBlock"])):has(> :nth-child(4)) {
    break-inside:avoid; }
  .o-table thead { display:table-header-group; } h1, h2, h3 { break-after:avoid; }
  .o-scroll, .st-key-rows { overflow:visible; }
  [data-testid="stHorizontalBlock"]:has([data-testid="stHorizontalBlock"]) { display:block !important; }
  [data-testid="stHorizontalBlock"] { flex-wrap:nowrap !important; }
  [data-testid="stColumn"] { min-width:0 !important; }
  [data-testid="stHorizontalBlock"]:has([data-testid="stHorizontalBlock"]) > [data-testid="stColumn"] {
    width:100% !important; }
}
</style>
"""


def apply() -> None:
    """Put the sheet on the page."""
    st.html(SHEET)
