# 行为基线：什么是正常，什么偏离了正常。

departure = 异常之处
departure-customer = 该客户
departure-first-seen = { $who } 的 { $field } 出现 { $value }，{ $span }以来首次。
departure-first-seen-known = { $known ->
   *[other] 已知 { $known } 个取值，最近为 { $latest }。
}
departure-first-seen-none = 此前没有已知取值。
departure-first-seen-nobody = 该客户其他对象也从未有过。
departure-rare = { $who } 的 { $field } 为 { $value }，{ $of } 个中仅 { $having } 个有。
departure-rare-others = 其他拥有者：{ $others }。
departure-off-hours = { $who } 于{ $weekday } { $time }（当地时间）活动。{ $kind }的这一时段前后，{ $days } 天中有 { $active } 天有活动；惯常时段：{ $hours }。
departure-workdays = 工作日
departure-weekend = 周末
departure-hours = { $from } 至 { $to }
departure-join = 、
departure-no-hours = 无
departure-volume = { $who }：自 { $from } 起 { $span }内 { $what } 达 { $value }。该时段平时为 { $usual }，上限 { $high }；历史最高 { $most }。
departure-events = 事件数
departure-beacon = { $who } 每隔 { $interval } 回连 { $value }（偏差 { $jitter } %），自 { $from } 起共 { $beats } 次。{ $of } 个中有 { $having } 个连接该目标。
departure-since = 画像始于
departure-observations = 观测数
departure-latest = 最近的已知取值
departure-profile = 查看平时的情况
departure-learned = 所见即被学习，同一情况只报一次。若不可容忍，请立即处置。

profiles = 画像
profiles-none = 尚未学习
profiles-none-hint = 该基线引用的规则一旦命中某客户的事件，即开始学习。
profiles-of = { $customer }的惯常情况
profiles-learning = 学习
profiles-learning-of = 学习中，{ $days } / { $wanted } 天
profiles-learned = 已学成，{ $span }
profiles-known = 已知对象
profiles-forgotten = 因容量遗忘
profiles-bytes = 内存
profiles-latest = 最近事件
profiles-look-up = 查询
profiles-heard = 最近出现：
profiles-is-learned = 已学成
profiles-is-learning = 学习中
profiles-since = { $observations ->
   *[other] 始于 { $since }，最近出现 { $last }，共 { $observations } 次观测。
}
profiles-forget = 遗忘该画像
profiles-forget-text = 将遗忘 { $name } 的惯常情况并重新学习。在此期间此处不会告警。
profiles-forget-do = 遗忘
profiles-forgot = 画像已遗忘
profiles-values = { $known ->
   *[other] { $known } 个已知取值
}
profiles-values-elsewhere = 取值按全部主机或用户合并统计，不逐个列出。
profiles-value = 取值
profiles-first = 始于
profiles-last = 最近出现
profiles-unreadable = 已知，原文未保留
profiles-week = { $weeks ->
   *[other] 最近 { $weeks } 周内有活动的时段（当地时间）
}
profiles-volume = 各时段的惯常数值；历史最高为 { $most }
profiles-part = 时段
profiles-usual = 平时
profiles-high = 上限
profiles-windows = 比对区间数
profiles-interval = 间隔
backtest-learned = 基线先学习：{ $until } 之前不会告警。
