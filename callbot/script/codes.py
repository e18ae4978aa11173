"""What every code of lint means and how to put it right, for ``callbot explain``."""

from callbot.language import Text

CODES: dict[str, Text] = {
    "S001": Text(
        "文件不是有效的 YAML。常见原因：话以 { 开头没有加引号；话里有半角冒号；缩进用了 Tab；括号不全。\n"
        "办法：给整句话加引号，或把 say 单独写一行，标点用全角。",
        "The file is not YAML. Usual reasons: a sentence that begins with { unquoted; a colon and a space in a "
        "sentence; tabs; brackets that do not match. Quote the sentence or put `say` on a line of its own.",
    ),
    "S002": Text("同一个键写了两次，后面的会盖掉前面的。删掉一个或改名。", "A key stands twice. Delete or rename one."),
    "S003": Text("文件打不开、是空的，或者不是 UTF-8。", "The file cannot be opened, is empty, or is not UTF-8."),
    "S021": Text(
        "“允许”的注释没有用：没有写理由，或允许的是错误（错误只能改好），或这里根本没有要允许的警告。\n"
        "写法：在那一行或上一行写 # 允许 S401：理由；写在文件最前面，整个文件都有效。",
        "A waiver that does nothing: it gives no reason, or names an error (errors cannot be waived), or there is "
        "nothing to waive. Write `# allow S401: reason` on that line or the one above; at the head of the file it "
        "holds for all of it.",
    ),
    "S101": Text("没有这个键。看看是不是拼错了，或缩进到了别的地方。", "No such key: misspelt, or indented wrongly."),
    "S102": Text("缺少必须有的键。", "A key that has to be there is missing."),
    "S103": Text("值的形式不对。", "The value has the wrong form."),
    "S104": Text("时长要带单位：5s、3m、4h、1d。", "Durations carry a unit: 5s, 3m, 4h, 1d."),
    "S105": Text(
        "say 写在花括号里时，半角逗号会把一句话切成几段。让 say 单独占一行。",
        "Inside braces a half-width comma cuts a sentence into pieces. Put `say` on a line of its own.",
    ),
    "S106": Text(
        "每个步骤说一句话，然后只有一条出路：听回答（answers、keys）、问一个值（ask）、问系统（do 加 results）、\n"
        "比较一个值（check 加 rows、otherwise）、调用流程（call 加 exits）、\n"
        "直接去下一步（then）、转人工（transfer）或结束（end）。",
        "A step says something and goes on in exactly one way: answers/keys, ask with then, do with results, "
        "check with rows and otherwise, call with exits, then, "
        "transfer or end.",
    ),
    "S107": Text(
        "会失败的事要写失败时怎么办：results 要有 failed，ask 要有 gave_up，transfer 要有 failed。",
        "What can fail names its failure: `results` and `transfer` need `failed`, `ask` needs `gave_up`.",
    ),
    "S108": Text(
        "ask 写要问的值和类型，问到以后走 then；核对已有的值（current）时走 same 或 changed。\n"
        "按键是输入的内容，所以 keys 里只能有 *；# 表示输完。",
        "`ask` names values with types and goes on by `then`, or by `same` and `changed` when it checks a current "
        "value. Keys are what is collected, so `keys` may hold only *; # ends the entry.",
    ),
    "S109": Text(
        "这几个键的搭配不对：at_most 配 else；to 和 back 只能写一个；retry_at 和 retry_in 只能写一个。",
        "Keys that do not go together: `at_most` needs `else`; `to` or `back`; `retry_at` or `retry_in`.",
    ),
    "S110": Text(
        "语言里有这个键，但这个版本还不支持。请先删掉。", "The language has this key, this version does not run it yet."
    ),
    "S111": Text("名字用小写字母开头，只含小写字母、数字和下划线。", "Names are lower-case letters, digits and _."),
    "S112": Text(
        "这个类型的写法不对：choice 要有 options，one_of 要有 from，digits 和 order_no 可以有 length 和 checksum，\n"
        "current 要和 same、changed 一起写，collect: keys 只用于能按键输入的类型。",
        "What a type needs or cannot have: a choice has `options`, one_of has `from`, digits and order_no may have "
        "`length` and `checksum`, `current` comes with `same` and `changed`, `collect: keys` is for what keys enter.",
    ),
    "S201": Text("use 里的名字要是 common/ 里的文件。", "`use` names files in common/."),
    "S202": Text("意图在 intents/ 里定义。", "Intents are defined in intents/."),
    "S203": Text("去的步骤不存在。步骤在 steps 或 use 的通用部分里。", "The step to go to does not exist."),
    "S204": Text(
        "句子、with 或 retry_at 用了没有的值。值来自 inputs、ask 和 do 的 gives。",
        "A value that does not exist. Values come from `inputs`, `ask` and `gives`.",
    ),
    "S205": Text(
        "没有这个动作。话术能问的动作都写在 actions.yaml 里；要用新的动作，先在那里写上标题、with、results 和 gives，\n"
        "再请商城系统回答它。",
        "There is no such action. actions.yaml declares what scripts can ask; a new action is declared there first.",
    ),
    "S206": Text(
        "do 和 actions.yaml 里写的不一样：results 要写全每个可能的结果（加上 failed），with 要给全它要的值，\n"
        "值的名字不同时写 with: {动作要的名字: 值的名字}，gives 的类型和保密要照写。",
        "`do` does not fit what actions.yaml declares: every result needs a way (and `failed`), `with` all it takes "
        "(`with: {its name: your value}` where names differ), `gives` the same type and privacy.",
    ),
    "S207": Text("短信模板写在 sms.yaml 里。", "Text messages are defined in sms.yaml."),
    "S208": Text("短信要用的值，这个话术里没有。", "The text message needs a value that this script does not have."),
    "S209": Text("id 和文件名要一样。", "`id` has to be the file's name."),
    "S210": Text(
        "热线（kind: hotline）没有名单，也不再拨：不能写 inputs、retry_at、retry_in。要问的值用 ask 问。",
        "A hotline has no list and calls nobody again: no `inputs`, `retry_at` or `retry_in`. Collect values by `ask`.",
    ),
    "S211": Text(
        "check 的比较和值的类型不合：金额用 is、at_most、at_least；日期和时间用 before、after；其他用 is；"
        "都可以用 empty。",
        "A comparison does not fit the value: amounts have is, at_most, at_least; days and times before, after; others "
        "is; all have empty.",
    ),
    "S212": Text(
        "exit 只写在流程里，而且要是流程 exits 里的名字；每个出口都要有步骤从那里离开。",
        "`exit` belongs into a flow and names one of its `exits`; some step has to leave by each of them.",
    ),
    "S213": Text(
        "call 调用 common/ 里 kind: flow 的文件；流程不能绕回自己，步骤名里不要有两个下划线。",
        "`call` names a file of kind `flow` in common/; a flow cannot call itself; step names have no two underscores.",
    ),
    "S214": Text(
        "调用流程时，exits 要写全流程的每个出口，流程 takes 的值要已经有；流程问到的值只有写进 gives 才能用。",
        "A call names every exit of the flow and has the values it `takes`; of what the flow collects only `gives` can "
        "be used.",
    ),
    "S215": Text("同一个值在两处有不同的类型。给其中一个换个名字。", "One value has two types. Rename one."),
    "S216": Text(
        "one_of 的 from 要是 list 类型的值；current 的类型要和问的值一样。",
        "`from` names a value of the type list; `current` has the type of the value that is asked.",
    ),
    "S217": Text(
        "一次问几个值，或核对已有的值时，missing 里要有单独问每个值的话：客户可能只说了一部分。",
        "Where several values are asked, or a current one is checked, `missing` has a sentence for each: callers say "
        "a part.",
    ),
    "S218": Text(
        "复述的话要说出问到的每个值：defaults.read_back 里用 {value}，步骤自己的 read_back 里用值的名字。\n"
        "不需要复述就在步骤里写 read_back: off。",
        "What is read back names every value: {value} in `defaults.read_back`, the values' names in a step's own. "
        "`read_back: off` in a step reads nothing back.",
    ),
    "S219": Text("faq 里写 knowledge/ 里的文件名（不带 .yaml）。", "`faq` names files in knowledge/, without .yaml."),
    "S231": Text(
        "配置（callbot.toml 的 transfer.queues）里没有这个人工队列，转过去一定没有人接。",
        "The settings (transfer.queues in callbot.toml) have no such queue, so nobody would ever take the call.",
    ),
    "S232": Text(
        "没有一个话术用到这个意图：可能名字写错了，或者可以删掉。",
        "No script uses this intent: a misspelt name, or it can go.",
    ),
    "S233": Text(
        "测试里写了话术没有的名字（步骤、意图、动作、结果、值），这个用例测不到想测的东西。",
        "A test names something that the script does not have (step, intent, action, result, value), so it cannot test "
        "what it means to.",
    ),
    "S234": Text(
        "配置（callbot.toml 的 [webhooks.名字]）里没有这个系统，通话后的通知发不出去。",
        "The settings ([webhooks.NAME] in callbot.toml) have no such system, so nobody would be told of the call.",
    ),
    "S301": Text("没有路走到这个步骤。", "No way leads to this step."),
    "S302": Text("从这个步骤永远走不到 end。", "No end can be reached from this step."),
    "S303": Text("几个步骤绕成一圈，中间不听客户说话，电话会一直说下去。", "A loop of steps that never listens."),
    "S304": Text(
        "longest.then 和 on_machine 之后必须说完就结束：只能是 say 加 end（或 then 到这样的步骤）。",
        "After `longest.then` and `on_machine` a call has to end: only `say` with `end`, or `then` to such a step.",
    ),
    "S305": Text("有的路走到这里时，这个值还没有得到。", "On some way this value is not set yet."),
    "S306": Text("hangup 最后一条管所有别的情况，不写 after。", "The last rule of `hangup` has no `after`."),
    "S401": Text(
        "一句话太长，电话里听不完：最好 40 个字（8 秒）以内。", "Prompts should stay under 40 characters (8 s)."
    ),
    "S402": Text("开场要说明是机器人打的电话。", "The opening has to say that a robot is calling."),
    "S403": Text("开场要说是哪家公司。", "The opening has to name the company."),
    "S404": Text(
        "写了 private 的值，只有在每一条路都经过 proves 的回答之后才能说。",
        "A private value may be spoken only where every way has passed an answer that `proves` what it needs.",
    ),
    "S405": Text("每个听客户说话的步骤都要能转人工。", "Every step that listens needs a way to a person."),
    "S406": Text(
        "外呼话术里，每个听客户说话的步骤都要能拒绝来电。",
        "In a campaign script every step that listens needs a way to stop calls.",
    ),
    "S407": Text(
        "一个步骤的两个回答有相同的说法，或者听起来一样，机器人分不清。",
        "Two answers of a step share a phrase or a sound.",
    ),
    "S410": Text(
        "录音要是话术旁边的 WAV 文件：8 kHz、单声道、16 位，0.2 到 15 秒。",
        "A recording is a WAV file beside the script: 8 kHz, mono, 16 bit, 0.2 to 15 s.",
    ),
    "S411": Text(
        "每段录音都要有文字（say 里同名的一句），而且文字里不能有 {值}。",
        "A recording needs its text, the variant of `say` with the same name, without a {value}.",
    ),
    "S412": Text(
        "知识库的回答最多两句，不带 {值}；同一个问法只能属于一个问题。",
        "An answer has at most two sentences and no {value}; a wording belongs to one question.",
    ),
    "S408": Text("有按键菜单时，0 应该转人工。", "In a menu key 0 should lead to a person."),
    "S431": Text(
        "这句话读起来不长，说出来超过 8 秒：号码和金额要一个字一个字地说。",
        "Short to read, but more than 8 s to say: numbers and amounts are spoken digit by digit.",
    ),
}
"""S0xx reading, S1xx shape, S2xx references, S3xx graph, S4xx speech and privacy. Warnings can be waived in the file,
see ``waivers``."""
