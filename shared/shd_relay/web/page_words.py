"""Every word that the page says, in English and Chinese, in one table. What SHD wrote is shown as SHD wrote it."""

from __future__ import annotations

from msgspec import Struct

from shd_relay.web.markup import Html, escape, fill
from shd_relay.web.page_words_support import SUPPORT

LANGUAGES = ("en", "zh")

TABLE: dict[str, tuple[str, str]] = {
    # the frame
    "title": ("Service health", "服务健康状态"),
    "title.of": ("Service health for {name}", "{name} 的服务健康状态"),
    "skip": ("Skip to content", "跳到正文"),
    "language": ("中文", "English"),
    "back": ("← All that goes on", "← 全部情况"),
    "read": ("Read {at}", "读取于 {at}"),
    "read.never": ("The dashboard has not been read yet", "尚未读取过健康看板"),
    "lost": (
        "This page cannot be refreshed. What it shows may be out of date.",
        "本页无法刷新，显示的内容可能已过时。",
    ),
    "lost.since": ("Last refreshed:", "上次刷新："),
    "lost.ended": (
        "Access to this page has ended. What it shows may be out of date.",
        "对本页的访问权限已终止，显示的内容可能已过时。",
    ),
    "seen.again": ("We can see the dashboard again.", "已恢复读取健康看板。"),
    "zone.utc": ("Show times in UTC", "以 UTC 显示时间"),
    "zone.local": ("Show local times", "以本地时区显示时间"),
    "source": (
        "What Alibaba Cloud’s Service Health Dashboard says, read by SHD Relay.",
        "内容来自阿里云服务健康看板，由 SHD Relay 读取。",
    ),
    "zone": ("Times are in UTC; days are days of UTC.", "时间为 UTC；按 UTC 划分日期。"),
    "zone.yours": (
        "Times are in your zone, {zone}; days are days of UTC.",
        "时间为您所在时区 {zone}；按 UTC 划分日期。",
    ),
    "subscribe": ("Subscribe:", "订阅："),
    "atom": ("news as an Atom feed", "Atom 动态"),
    "calendar": ("maintenance as a calendar", "维护日历"),
    "programs": ("For programs:", "供程序使用："),
    "json.status": ("status", "状态"),
    "json.events": ("events", "事件"),
    "json.changes": ("changes", "变更"),
    "json.event": ("this event as JSON", "此事件的 JSON"),
    # the source
    "blind": ("We cannot see the dashboard right now.", "目前无法读取健康看板。"),
    "blind.text": (
        "What follows is the last that we know. Trouble shown here may be over; new trouble would not show.",
        "以下是最后所知的情况：显示的故障可能已恢复，新的故障不会显示。",
    ),
    "stale": ("Much of this is out of date.", "大部分内容已过时。"),
    "stale.text": (
        "Over half of the services could not be read lately. Those that we are unsure of are marked as unknown.",
        "半数以上的服务近期未能读取；不能确定的标为“未知”。",
    ),
    # statuses: in a board’s cell, before a colon, after a number
    "incident": ("Incident", "故障"),
    "maintenance": ("Maintenance", "维护"),
    "notice": ("Notice", "通知"),
    "unknown": ("Unknown", "未知"),
    "operational": ("OK", "正常"),
    "feed": ("SHD Relay itself", "SHD Relay 自身"),
    "drill": ("Drill", "演练"),
    "counted.incident": ("{n} with an incident", "{n} 故障"),
    "counted.maintenance": ("{n} in maintenance", "{n} 维护中"),
    "counted.notice": ("{n} with a notice", "{n} 有通知"),
    "counted.unknown": ("{n} unknown", "{n} 未知"),
    "counted.operational": ("{n} operational", "{n} 正常"),
    "n.incident": ("{n} incident|{n} incidents", "{n} 次故障"),
    "n.maintenance": ("{n} maintenance|{n} maintenances", "{n} 次维护"),
    "n.notice": ("{n} notice|{n} notices", "{n} 条通知"),
    "n.open": ("{n} still open", "{n} 项持续中"),
    # states of an event
    "scheduled": ("planned", "计划中"),
    "open": ("goes on", "持续中"),
    "resolved": ("over", "已恢复"),
    "completed": ("done", "已完成"),
    "withdrawn": ("withdrawn", "已撤下"),
    "cancelled": ("cancelled", "已取消"),
    "kind.state": ("{kind}, {state}", "{kind}，{state}"),
    "comma": (", ", "、"),
    # the headline
    "said": ("{status}: {where}", "{status}：{where}"),
    "said.everywhere": ("{status} everywhere: {where}", "全面{status}：{where}"),
    "none.watched": ("Nothing is watched for you", "没有为您关注的服务"),
    "all.well": ("No trouble is known", "未发现异常"),
    "where.one": ("{product} in {region}", "{region} {product}"),
    "where.products": ("{n} services in {region}", "{region} {n} 个服务"),
    "where.regions": ("{product} in {n} regions", "{n} 个地域的 {product}"),
    "where.many": ("{n} services in {m} regions", "{m} 个地域的 {n} 个服务"),
    # now and planned
    "now": ("Happening now", "正在发生"),
    "now.none": ("No trouble in {where}.", "{where}：未发现异常。"),
    "now.unsure": (
        "No trouble was known when we last could see. What became of it since, we do not know.",
        "最后一次能读取时未发现异常；此后的情况未知。",
    ),
    "planned": ("Planned", "计划维护"),
    "planned.none": ("No maintenance is announced.", "没有已公告的维护。"),
    "recent": ("Ended in the last seven days", "最近七天结束的事件"),
    "more": ("{n} more|{n} more", "另有 {n} 项"),
    "more.told": ("and {n} more: {link}|and {n} more: {link}", "另有 {n} 项：{link}"),
    "more.link": ("all events, as JSON", "全部事件（JSON）"),
    "more.updates": ("{n} earlier update|{n} earlier updates", "更早的 {n} 条更新"),
    "more.titles": ("{n} other title|{n} other titles", "另外 {n} 个标题"),
    "untitled": ("(without a title)", "（无标题）"),
    # facts of an event
    "where": ("Where", "位置"),
    "since": ("Since", "开始"),
    "from": ("From", "计划开始"),
    "until": ("Until", "计划结束"),
    "began": ("Began", "开始"),
    "ended": ("Ended", "结束"),
    "expected": ("Expected end", "预计结束"),
    "lasted": ("lasted {span}", "历时 {span}"),
    "takes": ("takes {span}", "历时 {span}"),
    "inferred": ("inferred: it is no longer listed", "推断：已不再列出"),
    "all.services": ("{n} services|{n} services", "{n} 个服务"),
    "all.regions": ("{n} regions|{n} regions", "{n} 个地域"),
    "for": ("for {span}", "已持续 {span}"),
    "days": ("d", "天"),
    "hours": ("h", "小时"),
    "minutes": ("min", "分钟"),
    "instant": ("under a minute", "不到一分钟"),
    # the board
    "board": ("Every service and region", "全部服务与地域"),
    "board.none": ("The watch list holds nothing that you may see.", "关注列表中没有您可查看的内容。"),
    "board.whole": ("Show all services and regions", "显示全部服务与地域"),
    "board.well": ("Nothing to show but what is well.", "全部正常。"),
    "service": ("Service", "服务"),
    "legend": ("Legend", "图例"),
    "group.cn": ("China", "中国"),
    "group.ap": ("Asia Pacific", "亚太"),
    "group.am": ("Americas", "美洲"),
    "group.eu": ("Europe", "欧洲"),
    "group.me": ("Mideast", "中东"),
    "group.": ("", ""),
    # the history
    "history": ("The last 90 days", "最近 90 天"),
    "history.quiet": ("{n} service without any event|{n} services without any event", "{n} 个服务没有事件"),
    "history.nothing": ("nothing to report", "无事件"),
    "history.from": ("{day}", "{day}"),
    "history.today": ("today", "今天"),
    "history.before": ("no data before {day}", "{day} 之前没有数据"),
    "history.no.data": ("no data yet", "尚无数据"),
    "history.unseen": ("not all was seen", "未能全部读取"),
    "history.days": ("Day by day", "逐日记录"),
    "history.quiet.days": ("No day has an event.", "没有任何事件。"),
    "spell.blind": ("We could not see the dashboard", "无法读取健康看板"),
    "spell.stale": ("Over half of the services could not be read", "半数以上的服务未能读取"),
    # one event
    "timeline": ("What was said, and when", "时间线"),
    "timeline.none": ("No updates were published.", "没有发布更新。"),
    "known": ("How we know it", "信息来源"),
    "known.ListEvents": ("SHD’s list of events", "SHD 事件列表"),
    "known.ListEventInProgress": ("SHD’s list of what goes on", "SHD 进行中事件列表"),
    "known.public-page": ("the dashboard’s public page", "健康看板公开页面"),
    "known.severity": ("severity {word}", "级别 {word}"),
    "known.began": ("began {at}", "开始于 {at}"),
    "known.ended": ("ended {at}", "结束于 {at}"),
    "known.titled": ("titled", "标题为"),
    "witness": (
        "So far only the dashboard’s public page says it, not the API.",
        "目前只有健康看板公开页面提到，API 尚未列出。",
    ),
    "inferred.text": (
        "Nobody told its end: it is no longer listed, and we concluded from that.",
        "没有来源说明其结束；因其不再列出而推断。",
    ),
    "merged": ("It turned out to be another event: {link}", "与另一事件相同：{link}"),
    "merged.link": ("the event that it is", "该事件"),
    "changed": ("Last changed {at}, revision {n}.", "最后变更于 {at}，第 {n} 版。"),
    "alike": (
        "The same is said of {n} other service and region|The same is said of {n} other services and regions",
        "另有 {n} 个服务与地域有相同的事件",
    ),
    "severity": ("Severity", "级别"),
    "id": ("Id", "编号"),
    **SUPPORT,
}
"""Key -> English and Chinese. Where English has two forms for a number, a bar stands between them."""


class Words(Struct, frozen=True):
    """The words in one language."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """The text, for a place that escapes it."""
        return self._row(key).format(**values)

    def html(self, key: str, **values: object) -> Html:
        """The text as markup; what is filled in is escaped unless it is Html."""
        return fill(escape(self._row(key)), **values)

    def count(self, key: str, n: int, **values: object) -> str:
        return self._form(key, n).format(n=f"{n:,}", **values)

    def count_html(self, key: str, n: int, **values: object) -> Html:
        return fill(escape(self._form(key, n)), n=f"{n:,}", **values)

    @staticmethod
    def has(key: str) -> bool:
        return key in TABLE

    @property
    def other(self) -> str:
        """The language to switch to."""
        return LANGUAGES[1 - self.index]

    @property
    def index(self) -> int:
        return LANGUAGES.index(self.language)

    def _row(self, key: str) -> str:
        return TABLE[key][self.index]

    def _form(self, key: str, n: int) -> str:
        one, _, many = self._row(key).partition("|")
        return one if n == 1 or not many else many
