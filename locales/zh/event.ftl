# 日志：解析后的日志记录及其检索。

event = 日志
event-id = 日志编号
event-time = 时间
event-received = 接收时间
event-time-original = 原始时间
event-source = 日志源
event-raw = 原始日志
event-fields = 字段
event-core = 标准字段
event-own = 原始字段
events-count = { $count ->
   *[other] { NUMBER($count) } 条日志
}
events-empty = 没有找到日志
events-empty-hint = 请放宽时间范围或减少筛选条件。
search = 检索
search-again = 重新检索
range = 时间
range-15m = 最近 15 分钟
range-1h = 最近 1 小时
range-4h = 最近 4 小时
range-24h = 最近 24 小时
range-7d = 最近 7 天
range-30d = 最近 30 天
range-custom = 自定义时段
range-from = 开始时间
range-to = 结束时间
histogram = 日志数量分布
histogram-hint = 在柱状图上拖动可放大时段
histogram-summary = { $count ->
   *[other] 共 { $total } 条日志，峰值 { $peak } 条，出现在 { $at }
}
zoom-in = 放大
zoom-out = 缩小
columns = 显示列
column-toggle = 显示或隐藏 { $field } 列
filter-field = 字段条件
filter-exclude = 排除 { $field } 为此值
filter-apply = 应用
filters-clear = 清空语句
field = 字段
operator = 比较方式
value = 值
value-range = 地址段，例如 10.0.0.0/8
op-is = 等于
op-is_not = 不等于
op-contains = 包含
op-starts_with = 开头是
op-exists = 存在
op-missing = 不存在
op-in_range = 属于地址段
top-of = { $field } 最常见的值
top-none = 检索到的日志都没有此字段。

log-source-cef_generic = CEF
log-source-fortinet_fortigate = FortiGate
log-source-microsoft_windows = Windows
log-source-nginx_access = nginx 访问日志
log-source-openssh_sshd = OpenSSH
log-source-sangfor_af = 深信服 AF
log-source-sangfor_edr = 深信服 EDR
log-source-sudo_sudo = sudo
log-source-suricata_eve = Suricata
