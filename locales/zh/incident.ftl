# 事件：需要人员处置的工单。

incident = 事件
incident-number = 编号
incident-title = 标题
incident-state = 状态
incident-state-new = 待研判
incident-state-in_progress = 处置中
incident-state-resolved = 已处置
incident-state-suspended = 已挂起
incident-state-rejected = 驳回
incident-assignee = 处置人
incident-nobody = 未分派
incident-age = 生成时间
incident-raised-at = 生成于
incident-span = 活动时段
incident-events = 该时段日志
incident-by-hand = 手工创建的事件，没有关联告警。
incident-read-only = 您只能查看，不能处置。

incident-take = 接手
incident-resume = 恢复处置
incident-resolve = 处置完成
incident-reject = 驳回
incident-suspend = 挂起
incident-reopen = 重新打开
incident-severity = 调整级别
incident-assign = 分派
incident-comment = 写评论
incident-create = 新建事件

incident-taken = 事件 #{ $number } 由您处置。
incident-resumed = 已恢复处置。
incident-resolved = 已处置。
incident-rejected = 已驳回。
incident-suspended = 已挂起。
incident-reopened = 已重新打开。
incident-assigned = 已分派。
incident-severity-set = 级别已调整。
incident-raised = 已生成事件 #{ $number }。

incident-summary = 处置总结
incident-summary-hint = 查明了什么、做了什么，报告中会引用。
incident-reject-hint = 核查了什么，为什么不构成事件。
incident-reason = 原因
incident-waits-for = 未闭环原因
incident-suspend-hint = 该原因会显示在所有未闭环清单中。
incident-until = 下次跟进时间
incident-note = 说明
incident-note-hint = 作为第一条评论保存。

incidents-open = 未闭环
incidents-mine = 我的
incidents-unassigned = 未分派
incidents-empty = 没有事件
incidents-empty-hint = 没有符合筛选条件的事件，新事件会自动出现。

verdict = 研判结论
verdict-true_positive = 真实攻击
verdict-benign_positive = 检测正确但无害
reject-reason-false_positive = 误报
reject-reason-not_of_interest = 客户不关注
reject-reason-platform_fault = 平台故障
reject-reason-duplicate = 重复事件

until = 至 { $time }
related = 相关事件
related-none = 近 30 天内没有同类对象的其他事件。
timeline = 时间线
the-platform = 平台
comment-hint = 记录您的发现（仅内部可见）
comment-send = 评论
entry-raised = 手工创建了事件
entry-raised-by-alert = 由告警生成了事件
entry-alert-linked = 关联了告警：
entry-assigned = 分派给 { $to }
entry-unassigned = 取消了分派
entry-severity = 将级别由{ $from }调整为{ $to }
entry-commented = 评论
entry-transition-start = 开始处置
entry-transition-suspend = 挂起了事件
entry-transition-resume = 恢复处置
entry-transition-resolve = 完成处置
entry-transition-reject = 驳回了事件
entry-transition-reopen = 重新打开了事件

## 工作台

workbench-pane = 在事件与告警之间切换
workbench-mine = 只看我的
workbench-unassigned = 只看未分派
funnel = 最近 24 小时从日志到事件
figure-events = 日志
figure-detections = 检测命中
figure-alerts = 告警
figure-incidents = 事件
devices-offline = { $count ->
   *[other] { $count } 台设备离线
}

## 按客户和日期的漏斗

nav-funnel = 从日志到事件
funnel-by-day = 按天
funnel-day = 日期
funnel-events = 日志
funnel-events-hint = 收到的日志条数
funnel-unparsed = 未识别
funnel-unparsed-hint = 没有日志源能识别的日志：照样保存、可搜索，但针对字段的规则看不到
funnel-detections = 检测命中
funnel-detections-hint = 规则、关联、情报指标和设备对日志的判定次数
funnel-excepted = 例外
funnel-excepted-hint = 因例外而未计入检测命中的次数
funnel-silent = 静默
funnel-silent-hint = 静默试用中的用例的检测命中
funnel-alerts = 告警
funnel-alerts-hint = 相同检测命中聚合后的告警，不含静默告警
funnel-ignored = 已忽略
funnel-ignored-hint = 被审核策略忽略的告警
funnel-raised = 已转事件
funnel-raised-hint = 属于某个事件的告警
funnel-incidents = 事件
funnel-incidents-hint = 产生的事件
funnel-attacks = 攻击
funnel-attacks-hint = 判定为攻击的事件
funnel-ratio = 每起事件的日志数
funnel-ratio-hint = 平均处理多少条日志产生一起事件
funnel-alerts-daily = 每日告警
funnel-worst-day = 每日告警，最多的一天 { $count } 条
funnel-all = 合计
funnel-nothing = 这些天没有收到日志。
funnel-zone = 日期按 { $zone } 时区。日志和检测命中计入收到的时刻，告警和事件计入开始的时刻。
