/// Looks and moves of a call's page.
enum PageStyle {
    static let css = """
        :root{color-scheme:light dark;--ink:#1c2530;--quiet:#5d6b7a;--paper:#fff;--line:#dde3ea;--caller:#1f6feb;--agent:#1a7f5a;--cut:#c2410c;\
        --hole:#dc262640;--e:#94a3b8;--r:#eab308;--f:#a855f7;--m:#f97316;--q:#06b6d4;--c:#64748b}
        @media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9aa7b4;--paper:#0f151c;--line:#2a3440;\
        --caller:#6cb0ff;--agent:#4ec99a;--cut:#fb923c;--hole:#f8717160}}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:1100px;padding:24px 20px 48px;background:var(--paper);color:var(--ink);\
        font:15px/1.5 system-ui,sans-serif}
        h1{font-size:20px;margin:0 0 12px;overflow-wrap:anywhere}h2{font-size:16px;margin:28px 0 8px}
        dl{display:flex;flex-wrap:wrap;gap:8px 28px;margin:0 0 12px}dt{color:var(--quiet);font-size:12px}dd{margin:0}
        audio{width:100%;margin:4px 0 8px}
        .legend{font-size:12px;color:var(--quiet);margin:12px 0 4px;display:flex;gap:16px}
        .key::before{content:"";display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:6px}
        .key.caller::before{background:var(--caller)}.key.agent::before{background:var(--agent)}
        .key.cut::before{background:var(--cut)}.key.hole::before{background:var(--hole)}
        .key.endpointing::before{background:var(--e)}.key.request::before{background:var(--r)}
        .key.follow-up::before{background:var(--f)}.key.model::before{background:var(--m)}
        .key.queueing::before{background:var(--q)}.key.carrier::before{background:var(--c)}
        .timeline{overflow-x:auto;border:1px solid var(--line);border-radius:6px}
        svg{display:block}.grid{stroke:var(--line)}.rule{stroke:var(--line)}
        .tick{font-size:11px;fill:var(--quiet)}
        .wave.caller,.turn.caller{fill:var(--caller)}.wave.agent,.turn.agent{fill:var(--agent)}
        .turn{cursor:pointer}.cut{stroke:var(--cut);stroke-width:2;stroke-dasharray:3 3}.hole{fill:var(--hole)}
        .playhead{stroke:var(--ink);visibility:hidden}.playing .playhead{visibility:visible}
        .turns{list-style:none;margin:0;padding:0}
        .turns li{display:grid;grid-template-columns:64px 56px 1fr;gap:0 12px;padding:8px 6px;\
        border-top:1px solid var(--line)}
        .turns li.now{background:color-mix(in srgb,var(--caller) 9%,transparent)}
        .time{color:var(--quiet);font-variant-numeric:tabular-nums}.who{font-weight:600}
        .caller .who{color:var(--caller)}.agent .who{color:var(--agent)}
        .words p{margin:0}.remark{color:var(--quiet);font-size:12.5px}
        .bar{display:flex;height:6px;margin:6px 0 2px;border-radius:3px;overflow:hidden;background:var(--line)}
        .bar .endpointing{background:var(--e)}.bar .request{background:var(--r)}.bar .follow-up{background:var(--f)}
        .bar .model{background:var(--m)}.bar .queueing{background:var(--q)}.bar .carrier{background:var(--c)}
        table{border-collapse:collapse}th,td{text-align:left;padding:4px 20px 4px 0;border-bottom:1px solid var(--line)}
        @media (max-width:560px){.turns li{grid-template-columns:56px 1fr}.words{grid-column:1/-1}}
        @media print{audio{display:none}}
        """

    /// Plays from where a turn or the timeline is clicked, and shows where it is. Only in pages that hold the sound.
    static let script = """
        const audio=document.querySelector("audio"),svg=document.getElementById("timeline"),
        head=document.getElementById("playhead"),length=Number(svg.dataset.milliseconds),
        width=svg.viewBox.baseVal.width,rows=[...document.querySelectorAll(".turns li")];
        const play=ms=>{audio.currentTime=ms/1000;audio.play()};
        document.addEventListener("click",event=>{const turn=event.target.closest("[data-at]");
        if(turn){play(Number(turn.dataset.at))}else if(event.target.closest("svg")){
        const box=svg.getBoundingClientRect();play((event.clientX-box.left)/box.width*length)}});
        audio.addEventListener("timeupdate",()=>{const ms=audio.currentTime*1000,x=ms/length*width;
        svg.classList.add("playing");head.setAttribute("x1",x);head.setAttribute("x2",x);
        let now=null;for(const row of rows)if(Number(row.dataset.at)<=ms)now=row;
        for(const row of rows)row.classList.toggle("now",row===now)});
        """
}
