"""Text hygiene shared by the readers: invisible characters, blanks, and lines that are page furniture."""

from __future__ import annotations

import re
import unicodedata

# Zero-width characters, soft hyphen, byte order mark and directional marks: never part of a word.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_BLANKS = re.compile(r"[\s\u00a0\u3000\u2000-\u200a]+")

# Browsers that print to PDF map a glyph to the radical instead of the character drawn with it (⾦ for 金).
# Kangxi radicals and compatibility ideographs have a canonical or compatibility mapping in Unicode, the
# simplified forms among the supplementary radicals have none; ⼾ maps to 戶, which simplified text writes 户.
_MAPPED = re.compile("[\u2e9f\u2ef3\u2f00-\u2fd5\uf900-\ufaff]")
_RADICALS = str.maketrans(
    "⼾⺌⺍⺎⺏⺐⺠⺢⺧⺨⺪⺫⺬⺮⺳⺴⺷⺸⺻⺼⺽⺾⻀⻁⻂⻃⻄⻅⻆⻈⻉⻊⻋⻌⻍⻎⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰",
    "户小小兀尢尢民水牛犭疋罒示竹罒罒羊羊聿月臼艹艹虎衤覀西见角讠贝足车辶辶辶钅長镸长门阜阝雨青韦页风飞食食饣首马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙",
)

# Whole lines that office pages put around an article. Anchored at both ends: a sentence that merely
# contains 打印 or 分享 is text.
_NOISE = re.compile(
    r"^(?:"
    r"[【\[（(]?\s*(?:字体|字号)\s*[：:]?.{0,20}"
    r"|(?:[【\[]\s*(?:打印|纠错|关闭|收藏|大|中|小|我要纠错|打印本页|关闭窗口|语音播报)\s*[】\]]\s*)+"
    r"|(?:打印|关闭|收藏|纠错|分享|搜索|简体|繁体|English|手机版|移动客户端|加入收藏|设为首页|返回顶部|返回首页|回到顶部"
    r"|打印本页|关闭窗口|关闭页面|我要纠错|无障碍|长者模式|智能问答|网站地图|网站声明|联系我们|关于我们|微信二维码"
    r"|手机二维码|发表评论|点击排行|相关新闻|相关附件|相关链接|相关文章|相关稿件|相关信息|附件下载|扫描分享)"
    r"|分享(?:到|至)\s*[：:]?.{0,30}"
    r"|(?:浏览|访问|点击|阅读)(?:次数|量|数)\s*[：:]?\s*[\d\-,]*\s*次?"
    r"|扫一扫.{0,20}|.{0,6}扫一扫在手机.{0,12}|扫描(?:二维码|分享).{0,20}"
    r"|(?:您?(?:现在|当前)?(?:所在)?的?位置|当前位置)\s*[：:].{0,80}"
    r"|首页\s*(?:[>＞»/→-].{0,80})?"
    r"|[-—_=*~·.。\s>＞]{3,}"
    r"|(?:上|下)一[篇条]\s*[：:].{0,80}"
    r"|第?\s*\d+\s*页(?:\s*[/，,共]\s*共?\s*\d+\s*页)?|[-—]\s*\d+\s*[-—]"
    r")$"
)
# Lines from which on a page, after the article's last section, nothing more belongs to the article.
_TAIL = re.compile(
    r"^(?:"
    r"附\s*件\s*(?:[\d一二三四五六七八九十]{0,3}\s*[：:.、]|$|\d)"
    r"|相关(?:附件|新闻|链接|文章|稿件|阅读|信息|文件|政策|解读)\s*[：:]?(?:\s*.{0,60})?$"
    r"|[（(]?\s*(?:责任)?(?:编辑|校对|审核|审校)\s*[：:].{0,40}$"
    r"|[（(]\s*(?:文章|稿件|信息)?来源\s*[：:].{0,60}$|(?:文章|稿件|信息)?来源\s*[：:].{0,40}$"
    r"|摄影\s*[：:].{0,60}$"
    r"|抄\s*送\s*[：:]|.{2,20}办公室\s*\d{4}年\d{1,2}月\d{1,2}日印发$"
    r"|(?:版权所有|主办单位?|承办单位?|网站标识码|政府网站标识码|技术支持|copyright)\s*[：:©]?.*"
    r"|.{0,30}ICP备.{0,60}|.{0,30}公网安备.{0,60}"
    r"|扫一扫.{0,20}$|扫描(?:分享|二维码).{0,20}$|微信二维码$|手机二维码$|分享(?:到|至)\s*[：:]?.{0,20}$"
    r"|(?:上|下)一[篇条]\s*[：:].*|\[?打印\]?.{0,10}\[?关闭\]?$|网站声明$|网站地图$|联系我们$|发表评论$|点击排行$"
    r"|免责声明.*|.{0,12}(?:快|请|欢迎|赶紧|赶快).{0,8}转发.{0,20}[！!]?$|.{0,4}END.{0,4}$"
    r")",
    re.IGNORECASE,
)


def tidy(text: str) -> str:
    """One line of text: no invisible characters, radicals as characters, blanks folded to one space, trimmed."""
    text = _CONTROL.sub("", _INVISIBLE.sub("", text)).translate(_RADICALS)
    text = _MAPPED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return _BLANKS.sub(" ", text).strip()


def fold(text: str) -> str:
    """Text as compared: width and case folded, white space, punctuation and symbols gone."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def is_noise(line: str) -> bool:
    """Whether a tidied line is page furniture (font size links, breadcrumb, counters, separators)."""
    return bool(_NOISE.match(line))


def is_tail(line: str) -> bool:
    """Whether a tidied line starts the tail matter of a page (attachments, editor, copyright)."""
    return bool(_TAIL.match(line))
