"""What the page says of the support plan and its tickets, in English and Chinese: a part of the table of page_words."""

from __future__ import annotations

_ENDS = (
    (
        "The {plan} plan ends with {day} (UTC+8): {left} working day left.|"
        "The {plan} plan ends with {day} (UTC+8): {left} working days left."
    ),
    "{plan} 支持计划将于 {day}（UTC+8）到期：剩余 {left} 个工作日。",
)

SUPPORT: dict[str, tuple[str, str]] = {
    # the plan: each under the code of its warning (standing.py), and what follows from it
    "plan-ends-soon": _ENDS,
    "plan-ends-soon.text": (
        "Applying for the next one takes at least {apply} working days.",
        "申请新的支持计划至少需要 {apply} 个工作日。",
    ),
    "plan-ends-now": _ENDS,
    "plan-ends-now.text": (
        "Applying for the next one takes at least {apply} working days. Without a plan in force this page is closed.",
        "申请新的支持计划至少需要 {apply} 个工作日。没有有效的支持计划，本页将无法访问。",
    ),
    "allowance-nearly-used": (
        "{used} of {allowed} technical tickets are used: {free} left.",
        "技术工单已用 {used} 个（共 {allowed} 个）：剩余 {free} 个。",
    ),
    "allowance-used": ("All {allowed} technical tickets are used.", "{allowed} 个技术工单已全部用完。"),
    "allowance-exceeded": (
        "{used} of {allowed} technical tickets are used: {over} too many.",
        "技术工单已用 {used} 个（共 {allowed} 个）：超出 {over} 个。",
    ),
    "allowance.text": ("A ticket package adds {package}.", "每个工单包增加 {package} 个。"),
    "tickets-unread": (
        "Your tickets cannot be read now: some may be missing here.",
        "目前无法读取您的工单：此处可能有遗漏。",
    ),
    # severities of tickets
    "ticket.critical": ("Critical", "严重"),
    "ticket.urgent": ("Urgent", "紧急"),
    "ticket.high": ("High", "高"),
    "ticket.medium": ("Medium", "中"),
    "ticket.low": ("Low", "低"),
    # what to claim, and why
    "support": ("Support", "技术支持"),
    "claim": ("Claim severity", "建议级别"),
    "claim.card": ("Suggested ticket: {severity}, {kind}", "建议工单：{severity}，{kind}"),
    "claim.for": (
        "Suggested ticket for {where}: {severity}, {kind}",
        "建议为 {where} 提交工单：{severity}，{kind}",
    ),
    "claim.raise": ("suggested by now: {severity}", "现建议级别：{severity}"),
    "within": ("first response within {span}", "{span}内首次响应"),
    "consult.over": ("It is over. For its cause: a consulting ticket", "事件已结束。了解原因：咨询工单"),
    "consult.off": ("It was called off. Questions about it: a consulting ticket", "已取消。了解安排：咨询工单"),
    "cause.over": ("it is over: a question about its cause", "事件已结束：了解其原因"),
    "cause.off": ("it was called off: a question about the plan", "已取消：了解其安排"),
    "cause.ahead": ("it lies ahead: a question about the plan", "尚未开始：了解其安排"),
    "cause.maintenance": ("planned work goes on", "计划维护正在进行"),
    "cause.notice": ("a notice", "一条通知"),
    "cause.down": ("an incident with severity {severity}", "故障，级别为 {severity}"),
    "cause.impaired": ("an incident that is only {severity} by now", "故障，级别目前仅为 {severity}"),
    "severity.none": ("not given", "未给出"),
    "importance.business_critical": ("{product} is business-critical for you", "{product} 是您的业务关键产品"),
    "importance.production": ("{product} is in production with you", "{product} 用于您的生产环境"),
    "importance.key": ("{product} is a key product of yours", "{product} 是您的重要产品"),
    "importance.other": (
        "{product} is not named as important in your configuration",
        "您的配置未将 {product} 列为重要产品",
    ),
    "semicolon": ("; ", "；"),
    "wide": ("{n} services of this product or region are hit", "该产品或地域共有 {n} 个服务受影响"),
    # when the answer is due
    "response": ("First response", "首次响应"),
    "response.within": ("within {span} of opening a ticket", "提交工单后 {span}内"),
    "response.now": ("if opened now, before {at}", "若现在提交，{at} 之前"),
    "ticket.due": ("{ticket}: first response {due}", "{ticket}：首次响应{due}"),
    "due": ("due", "时限"),
    "due.in": ("due in {span}", "时限还剩 {span}"),
    "due.over": ("overdue by {span}", "已超时 {span}"),
    "seconds": ("s", "秒"),
    # tickets
    "ticket": ("Ticket", "工单"),
    "ticket.named": ("Ticket {id} ({severity})", "工单 {id}（{severity}）"),
    "ticket.said": ("{ticket}: {what}", "{ticket}：{what}"),
    "ticket.more": ("{n} more ticket waits|{n} more tickets wait", "另有 {n} 个工单等待响应"),
    "ticket.others": ("Other tickets", "其他工单"),
    "ticket.technical": ("technical", "技术工单"),
    "ticket.consulting": ("consulting", "咨询工单"),
    "ticket.opened": ("Opened", "提交"),
    "ticket.closed": ("Closed", "关闭"),
    "in.time": ("answered in time", "已按时响应"),
    "late": ("answered late", "响应超时"),
    "in.time.after": ("in time, after {span}", "按时，用时 {span}"),
    "late.after": ("late, after {span}", "超时，用时 {span}"),
    "shut": ("closed", "已关闭"),
    "shut.unanswered": ("closed without a response", "未获响应即关闭"),
    "waits": ("Tickets that wait for an answer", "等待响应的工单"),
    # the reports
    "reports": ("Reports of last month:", "上月报告："),
    "report.service-summary": ("service summary", "服务总结"),
    "report.critical-support": ("critical support", "重大事件支持"),
    "report.product-usage": ("product usage", "产品使用"),
    # the ready text
    "text": ("Ready text for a ticket", "工单文本"),
    "text.link": ("ready text", "工单文本"),
    "text.en": ("In English", "英文文本"),
    "text.zh": ("In Chinese", "中文文本"),
    "text.copy.subject": ("Copy the subject", "复制标题"),
    "text.copy": ("Copy the text", "复制正文"),
    "text.copied": ("Copied", "已复制"),
    "text.by.hand": ("Selected: copy it with the keyboard", "已选中：请用键盘复制"),
    "text.send": ("Send by e-mail", "用电子邮件发送"),
    "text.send.cut": ("Send its beginning by e-mail", "用电子邮件发送开头部分"),
}
"""Key -> English and Chinese, as in page_words."""
