# 检索日志：语句与语法、字段、已保存的检索、实时查看、SQL。

query = 检索语句
query-hint = user_name:li* AND NOT event_action:allow “failed password”
query-proposals = 建议
query-help = 检索语法
query-help-meaning = 含义
query-help-more = 并列的条件须同时满足（AND）。方向键与 Tab 选用建议，Ctrl 空格显示建议，Alt ↓ 显示历史语句。完整语法见 docs/SEARCHING.md。
query-example-word = 含有单词 failed 的日志，不分大小写
query-example-phrase = 含有该短语的日志
query-example-anywhere = 任意位置含有 kerb 的日志，包括单词内部
query-example-field = 用户名以 li 开头
query-example-quoted = 完全等于引号内的值
query-example-network = 源地址属于该地址段
query-example-range = 介于两者之间的数值；也可写 >=1024
query-example-list = 多个值之一
query-example-exists = 存在用户名，且结果不是 success
query-example-group = 任一方向出现该地址，且来自某个日志源；@time、@received、@device、@customer 用法相同
query-unread = 无法理解该检索语句
query-unread-hint = 上方已标出出错位置，请修改后重新检索。
query-unclosed-quote = 此引号没有结束，请在文字末尾补上 "。
query-unclosed-parenthesis = 此括号没有结束，请在条件末尾补上 )。
query-stray-parenthesis = 此 ) 没有对应的 (，请删除它或在前面补上 (。
query-unclosed-range = 此范围没有结束，请以 ] 结束；不含端点时用花括号结束。
query-range-to = 范围两端之间需要 TO：[1 TO 1024]
query-range-end = 范围至少需要一端：[5 TO *]。任意值请写 字段:*
query-range-wildcard = 范围端点不能含通配符。请写具体值，或单独的 * 表示不限。
query-range-field = 范围须写在字段之后：destination_port:[1 TO 1024]
query-before-word = { $word } 前缺少条件。请补上条件；若要检索该词，请加引号 "{ $word }"。
query-before-parenthesis = 此 ) 前缺少条件。
query-ends = 语句末尾缺少条件。请补上条件或删除最后一个词。
query-condition = 此处应为条件：词、带引号的文字或 字段:值。
query-list = 列表的值之间用 OR、AND 或逗号分隔，以 ) 结束。
query-value-word = 此处应为值。若 { $word } 就是要找的值，请加引号。
query-value = 此处应为值：词、带引号的文字、*、[1 TO 5] 这样的范围、>5、地址段，或 (a OR b) 这样的列表。
query-compare = 此处应为用来比较的数值、地址或文字。
query-time = 时间写作 2026-11-21T08:00:00Z，日期写作 2026-11-21。
query-field-wildcard = 字段名不能含通配符。若该符号是名称的一部分，请加引号。
query-too-long = 检索语句最多 { $most } 个字符。
query-too-many = 检索语句最多 { $most } 个条件。
query-too-deep = 条件最多嵌套 { $most } 层。
condition-include = 点击改为必须满足
condition-exclude = 点击改为必须不满足
condition-remove = 移除条件 { $condition }
fields = 字段
fields-hide = 隐藏字段栏
fields-toggle = 显示或隐藏字段栏
fields-find = 查找字段
fields-none = 没有这个名称的字段。
fields-read = { $count ->
   *[other] 最新 { NUMBER($count) } 条中含有该字段的比例
}
field-present = { $count ->
   *[other] { NUMBER($count) } 条含有该字段（{ $share }）
}
field-present-hint = 只看这些日志
field-missing = { $count ->
   *[other] { NUMBER($count) } 条没有
}
field-distinct = { $count ->
   *[other] 约 { NUMBER($count) } 个不同的值
}
field-share = 占日志的 { $share }
field-kind-text = 文字
field-kind-address = 地址
field-kind-int = 数值
field-kind-own = 原始字段
field-kind-envelope = 元信息
pivot-menu = 对 { $value } 的操作
pivot-filter-for = 筛选此值
pivot-filter-out = 排除此值
pivot-only-this = 仅按此值检索
pivot-around-event = 此日志前后 5 分钟
pivot-everywhere = 在我负责的全部客户中检索此值
copy-link = 复制链接
searching = { $seconds ->
   *[other] 已检索 { NUMBER($seconds) } 秒
}
search-stop = 停止
search-stopped = 检索已停止，服务器不再为此工作。
search-cost = 读取 { $bytes }，{ NUMBER($milliseconds) } 毫秒
search-cost-hint = 本次检索从磁盘读取的数据量和耗时
saved-searches = 已保存的检索
saved-none = 还没有。可保存当前检索。
saved-shared = 已共享
saved-name = 名称
saved-by = 来自 { $name }
save-search = 保存检索
saved-edit = 修改已保存的检索
saved-share = 与同事共享
saved-share-all = 所有可检索日志的人都能看到。
saved-share-customer = 所有能看到 { $customer } 的人都能看到。
saved-replace = 改用当前的语句、列、客户和时间
saved-delete = 删除已保存的检索“{ $name }”？
saved-delete-hint = 指向它的链接将失效，日志不受影响。
export-make = 导出
export-format = 格式
export-columns-hint = NDJSON 总是包含完整日志。
export-columns-shown = 当前显示的列和原始日志
export-columns-common = 常用列
export-most = 最多条数
export-most-hint = 最多 5,000,000 条，从最旧的开始写入。
export-start = 开始导出
export-asked = 导出已开始。
tail-start = 实时
tail-stop = 停止实时
tail-toggle = 实时查看新到的日志
tail-on = 实时：正在接收
tail-connecting = 正在连接
tail-failed = 实时查看已结束。
tail-paused = 阅读期间已暂停
tail-skipped = { $count ->
   *[other] 另有 { $shown } 条到得太快，未显示
}
tail-empty = 还没有符合条件的新日志
tail-empty-hint = 日志收到后片刻即显示在这里。
sql-text = SQL
sql-edit = 编辑 SQL
sql-run = 执行
sql-hint = 对 events 的一条 SELECT：id、time、received、customer、device、source、raw、各标准字段，原始字段写作 f_<名称>。只包含你负责的客户和所选时间。
sql-problem = 第 { $line } 行第 { $column } 列：
sql-result = 结果
sql-rows = { $count ->
   *[other] { NUMBER($count) } 行
}
sql-truncated = 还有更多
sql-shown = { $count ->
   *[other] 显示前 { NUMBER($count) } 行，文件包含全部
}
sql-empty = 没有结果
