"""The words of a ready ticket text, in English and Chinese: what a partner writes to the vendor."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # the subject
    "subject.technical": ("[{severity}] {product}, {region}: {title}", "【{severity}】{product}，{region}：{title}"),
    "subject.consulting": (
        "[{severity}, consulting] {product}, {region}: {title}",
        "【{severity}，咨询】{product}，{region}：{title}",
    ),
    "untitled": ("(without a title)", "（无标题）"),
    # one line each
    "line": ("{name}: {value}", "{name}：{value}"),
    "severity": ("Severity", "级别"),
    "severity.value": ("{number} - {name} ({when})", "{number} - {name}（{when}）"),
    "why": ("Reason", "理由"),
    "kind": ("Ticket type", "工单类型"),
    "technical": ("technical", "技术工单"),
    "consulting": ("consulting", "咨询工单"),
    "partner": ("Partner", "合作伙伴"),
    "product": ("Product", "产品"),
    "region": ("Region", "地域"),
    "with.id": ("{name} ({id})", "{name}（{id}）"),
    "title": ("Title on the Service Health Dashboard", "健康看板标题"),
    "state": ("State", "状态"),
    "state.value": ("{state} ({kind})", "{state}（{kind}）"),
    "kind.incident": ("incident", "故障"),
    "kind.maintenance": ("maintenance", "维护"),
    "kind.notice": ("notice", "通知"),
    "kind.drill": ("drill", "演练"),
    "kind.feed": ("our own monitoring", "我方监控"),
    "from": ("Began", "开始时间"),
    "from.ahead": ("Planned start", "计划开始时间"),
    "from.unknown": ("not given; seen at {at}", "未给出；首次发现于 {at}"),
    "until": ("Ended", "结束时间"),
    "until.ahead": ("Announced end", "预计结束时间"),
    "id": ("Event id", "事件编号"),
    "id.value": ("{id}, revision {n}", "{id}，修订 {n}"),
    "link": ("Our record", "我方记录"),
    "ticket": ("Our ticket about it", "我方已提交的工单"),
    "ticket.value": ("{id}, {severity}, opened {at}", "{id}，{severity}，提交于 {at}"),
    "zone": ("Local times", "本地时间"),
    # sections
    "impact": ("Impact on our side", "对我方的影响"),
    "impact.value": (
        "[fill in: which instances, since when, error messages, request ids]",
        "［请填写：受影响的实例、开始时间、错误信息、请求 ID］",
    ),
    "asked": ("What we ask for", "我方诉求"),
    "updates": ("Updates on the dashboard so far", "看板更新记录"),
    "updates.none": ("none", "暂无"),
    "updates.earlier": ("({n} earlier left out)", "（省略更早的 {n} 条）"),
    "observed": ("What we observed", "我方观察"),
    "response": (
        "First response expected within {span} of opening this ticket.",
        "期望在提交工单后 {span}内得到首次响应。",
    ),
    # what is asked for
    "asked.on": (
        "Please confirm the cause and the scope, and tell us the workaround and when service is expected to be back.",
        "请确认故障原因和影响范围，并告知规避措施及预计恢复时间。",
    ),
    "asked.over": (
        "Please tell us the cause, what was hit, and what is done to prevent it.",
        "请说明故障原因、影响范围及后续改进措施。",
    ),
    "asked.ahead": (
        "Please confirm the time, what will be interrupted and for how long, and what we should prepare.",
        "请确认时间安排、会中断的业务及时长，以及我方需要的准备工作。",
    ),
    "asked.off": (
        "Please tell us why it was called off, and whether and when it will take place.",
        "请告知取消的原因，以及是否会另行安排、何时进行。",
    ),
    "asked.notice": (
        "Please tell us what it means for our resources, and what we should do.",
        "请说明对我方资源的影响，以及我方需要采取的措施。",
    ),
    # what we observed
    "seen.first": ("First seen by our monitoring at {at}", "我方监控首次发现于 {at}"),
    "seen.since": (
        "In this state since {since}; last change seen at {at}",
        "当前状态始于 {since}；最近一次变化于 {at}",
    ),
    "said": ("{operation} says: {what}", "{operation} 显示：{what}"),
    "said.severity": ("severity {word}", "级别 {word}"),
    "said.began": ("began {at}", "开始于 {at}"),
    "said.ended": ("ends or ended {at}", "结束于 {at}"),
    "said.title": ('titled "{title}"', "标题“{title}”"),
    "said.nothing": ("the same as above", "与上述一致"),
    "public-page": ("The dashboard's own page", "看板网页"),
    "comma": (", ", "，"),
    "semicolon": ("; ", "；"),
    "inferred": (
        "That it is over is inferred: the dashboard lists it no longer",
        "结束系推断：看板已不再列出该事件",
    ),
    "witness": (
        "Only the dashboard's own page has shown it so far; the API has not listed it",
        "目前仅看板网页显示该事件，API 尚未列出",
    ),
    # states
    "scheduled": ("announced", "已计划"),
    "open": ("going on", "进行中"),
    "resolved": ("over", "已恢复"),
    "resolved.maintenance": ("completed", "已完成"),
    "withdrawn": ("withdrawn by the dashboard", "看板已撤下"),
    "cancelled": ("cancelled", "已取消"),
    # ticket severities
    "critical": ("Critical", "严重"),
    "urgent": ("Urgent", "紧急"),
    "high": ("High", "高"),
    "medium": ("Medium", "中"),
    "low": ("Low", "低"),
    "critical.when": (
        "business-critical system or component down, immediate support needed",
        "业务关键系统或组件不可用，需要立即支持",
    ),
    "urgent.when": (
        "production system or component down or greatly impaired",
        "生产系统或组件不可用或严重受损",
    ),
    "high.when": ("key system impaired", "重要系统受损"),
    "medium.when": ("system impaired", "系统受损"),
    "low.when": ("general question or request", "一般问题或请求"),
    # why that severity
    "why.over": ("it is over; this is a question about its cause", "事件已结束，咨询其原因"),
    "why.ahead": ("it lies ahead; this is a question about the plan", "尚未开始，咨询其安排"),
    "why.off": ("it was called off; this is a question about the plan", "已取消，咨询其安排"),
    "why.drill": ("it is a drill", "这是一次演练"),
    "why.feed": ("it is about our own monitoring", "这是我方监控自身的状态"),
    "why.maintenance": ("planned work goes on", "计划维护正在进行"),
    "why.notice": ("a notice on the dashboard", "看板发布了通知"),
    "why.down": ("an incident with severity {severity}", "故障，看板级别 {severity}"),
    "why.impaired": ("an incident, by now only {severity}", "故障，看板级别目前为 {severity}"),
    "why.business_critical": ("{product} is business-critical for us", "{product} 是我方业务关键产品"),
    "why.production": ("{product} is in production with us", "{product} 用于我方生产环境"),
    "why.key": ("{product} is a key product of ours", "{product} 是我方重要产品"),
    "why.wide": (
        "{n} of our products and regions around it are hit at once",
        "我方相关产品和地域中有 {n} 处同时受影响",
    ),
    "severity.none": ("not given", "未给出"),
    # spans
    "minutes": ("{n} minutes", "{n} 分钟"),
    "hours": ("{n} hours", "{n} 小时"),
}
"""Key -> English and Chinese."""
