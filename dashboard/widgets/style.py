"""One sheet of style for all screens: system fonts, no outside calls, legible in print and on a small laptop."""

import streamlit as st

SHEET = """
<style>
:root { --ink:#1d2733; --soft:#5b6876; --line:#d9dfe6; --accent:#0b5cad; --good:#1a7f37; --bad:#a4331f;
  --wash:#f4f7fa; }
[data-testid="stElementToolbar"], [data-testid="stDecoration"], [data-testid="stMainMenu"],
[data-testid="InputInstructions"] { display:none !important; }
.block-container { padding:4.4rem 2.2rem 2rem !important; max-width:1560px; }
h1 { font-size:1.7rem !important; padding:0 0 .2rem !important; margin:0 !important; }
h2 { font-size:1.25rem !important; }
h3 { font-size:1.05rem !important; }
[data-testid="stFileUploaderDropzoneInstructions"],
[data-testid="stFileUploaderDropzone"] > span > button > div { display:none; }
[data-testid="stFileUploaderDropzone"] > span > button::after { content:"Выбрать файл"; font-size:1rem; }
.o-note { color:var(--soft); font-size:.86rem; line-height:1.35; }
.o-link { display:block; text-align:center; background:var(--accent); color:#fff !important; border-radius:6px;
  padding:.5rem .7rem; text-decoration:none !important; font-weight:600; }
.o-banner { background:#fff6dc; border:1px solid #ead28a; border-radius:6px; padding:.35rem .7rem; font-size:.86rem; }
.o-chip { display:inline-block; border:1px solid var(--line); background:var(--wash); border-radius:999px;
  padding:.08rem .6rem; margin:0 .3rem .3rem 0; font-size:.84rem; white-space:nowrap; }
.o-chip b { font-weight:650; } .o-chip.strong { border-color:#8fc39d; background:#eaf6ed; }
.o-chip.weak { border-color:#e0b3a8; background:#fbefec; } .o-chip.lack { border-color:#ead28a; background:#fff6dc; }
.o-scale { display:grid; grid-template-columns:9.5rem 1fr; align-items:center; gap:.5rem; font-size:.86rem;
  margin:.12rem 0; }
.o-track { position:relative; height:1.05rem; background:linear-gradient(90deg,var(--wash),#fff 50%,var(--wash));
  border:1px solid var(--line); border-radius:3px; }
.o-zero { position:absolute; left:50%; top:0; bottom:0; width:1px; background:#9aa7b5; }
.o-bar { position:absolute; top:.42rem; height:.18rem; background:#7d93ab; border-radius:2px; }
.o-dot { position:absolute; top:.2rem; width:.62rem; height:.62rem; margin-left:-.31rem; border-radius:50%;
  background:var(--accent); }
.o-faint .o-dot { background:#b8c4d0; } .o-faint .o-bar { background:#dbe2ea; }
.o-faint { color:var(--soft); }
.o-axis { display:grid; grid-template-columns:9.5rem 1fr; gap:.5rem; color:var(--soft); font-size:.76rem; }
.o-axis div:last-child { display:flex; justify-content:space-between; }
.o-title { font-weight:650; font-size:1rem; line-height:1.25; } .o-rank { color:var(--accent); margin-right:.3rem; }
.o-host { color:var(--soft); font-size:.84rem; line-height:1.3; }
.o-fit { display:flex; align-items:center; gap:.5rem; margin:.25rem 0 .15rem; font-size:.84rem; }
.o-meter { position:relative; flex:1; height:.6rem; background:#e9eef3; border-radius:4px; overflow:hidden; }
.o-meter i { position:absolute; left:0; top:0; bottom:0; background:var(--accent); border-radius:4px; }
.o-meter u { position:absolute; top:0; bottom:0; background:rgba(11,92,173,.22); }
.o-fit b { min-width:4.9rem; text-align:right; }
.o-demand { display:inline-block; background:#eaf6ed; color:#14532d; border-radius:4px; padding:.06rem .45rem;
  font-size:.8rem; margin:.1rem 0; line-height:1.3; }
.o-why { margin:.2rem 0 0 !important; padding:0 !important; list-style:none !important; font-size:.86rem;
  line-height:1.32; }
.o-why li { padding:0 0 0 .95rem !important; text-indent:-.95rem; margin:.1rem 0 !important; font-size:.86rem; }
.o-why .for::before { content:"+ "; color:var(--good); font-weight:700; }
.o-why .against::before { content:"− "; color:var(--bad); font-weight:700; }
.o-table { border-collapse:collapse; width:100%; font-size:.88rem; }
.o-table th { text-align:left; color:var(--soft); font-weight:600; border-bottom:1px solid var(--line);
  padding:.2rem .5rem .2rem 0; }
.o-table td { border-bottom:1px solid #eef1f4; padding:.22rem .5rem .22rem 0; vertical-align:top; }
.o-table th.n { text-align:right; } .o-table td.n { text-align:right; font-variant-numeric:tabular-nums; }
.o-decided { font-weight:650; font-size:.9rem; } .o-decided.accepted { color:var(--good);
  } .o-decided.declined { color:var(--bad); }
.st-key-buttons button, [class*="st-key-buttons-"] button { padding:.12rem .55rem; min-height:2rem;
  font-size:.84rem; }
.o-reliance { border-left:5px solid var(--line); background:var(--wash); border-radius:4px; padding:.55rem .8rem;
  font-size:1.05rem; line-height:1.4; } .o-reliance.good { border-color:var(--good); }
.o-reliance.care { border-color:#d9a400; background:#fff6dc; } .o-reliance.bad { border-color:var(--bad);
  background:#fbefec; }
.o-plot { position:relative; display:flex; align-items:flex-end; gap:1px; width:9.5rem; height:2.1rem;
  background:var(--wash); border-radius:3px; padding:0 2px; }
.o-plot i { display:block; width:.24rem; background:#8fb2d6; border-radius:1px 1px 0 0; }
.o-plot i:last-of-type { background:var(--accent); } .o-plot.bad i:last-of-type { background:var(--bad); }
.o-plot u { position:absolute; left:0; right:0; border-top:1px dashed var(--bad); }
[class*="st-key-buttons-"] button p { font-size:.84rem; }
@media print { [data-testid="stHeader"], button, [data-testid="stSlider"] { display:none !important; } }
</style>
"""


def apply() -> None:
    """Put the sheet on the page."""
    st.html(SHEET)
