# 告警：检测给出的结论。

severity = 级别
severity-critical = 严重
severity-high = 高危
severity-medium = 中危
severity-low = 低危
severity-informational = 提示
severity-any = 全部级别
severity-from = { $severity }及以上

outcome = 攻击结果
outcome-attempted = 尝试
outcome-blocked = 已拦截
outcome-succeeded = 成功
outcome-compromised = 失陷

alert = 告警
alert-title = 告警名称
alert-about = 相关对象
alert-count = 次数
alert-first = 首次发生
alert-last = 最近发生
alert-origin = 来源
alert-origin-any = 全部来源
alert-origin-rule = 检测规则
alert-origin-correlation = 关联分析
alert-origin-baseline = 行为基线
alert-origin-device = 设备告警
alert-origin-platform = 平台
alert-origin-intel = 威胁情报
alert-state = 状态
alert-state-new = 新告警
alert-state-open = 待研判
alert-state-raised = 已转事件
alert-state-ignored = 已忽略
alert-state-ended = 已自行结束
alert-state-silent = 静默
alert-raise = 转为事件
alert-ignore-such = 忽略此类告警
alert-open-incident = 打开所属事件
alert-by-policy = 由审核策略判定
alert-next = 下一条告警
alert-previous = 上一条告警
alerts-to-judge = 待研判
alerts-ignored = 已忽略告警
alerts-ignored-note = 这些告警被我方审核策略忽略。单独保留在此，以便发现忽略范围过宽的策略。
alerts-empty = 没有告警
alerts-empty-hint = 没有符合筛选条件的告警，新告警会自动出现。
alerts-first-shown = { $shown ->
   *[other] 仅显示前 { $shown } 条告警。
}

times = { $count ->
   *[other] { $count } 次
}
why-fired = 触发的告警与依据
matched-fields = 命中字段
keyword = 关键字
samples = 样本日志
sample = 样本 { $number }
samples-none = 该告警没有保留样本日志。
rule = 规则
techniques = ATT&CK 技术
event-open = 打开日志
events-around = 前后日志

entities = 相关实体
entities-none = 没有涉及的实体。
entities-more = { $count ->
   *[other] 另有 { NUMBER($count) } 个
}
entity-kind = 类型
entity-value = 值
entity-name = 名称
entity-source_address = 源地址
entity-destination_address = 目的地址
entity-host = 主机
entity-user = 账号
entity-process = 进程
entity-file = 文件
entity-hash = 哈希
entity-domain = 域名
entity-url = URL
pivot-hint = 检索与 { $value } 相关的日志

card = 研判指导卡
card-none = 该用例没有指导卡。
card-facts = 基本事实
card-trigger = 触发逻辑
card-false-positive = 误报特征
card-consequences = 可能后果
card-recommendations = 处置建议

alert-intel = 情报指标
alert-intel-title = 命中情报指标：{ $value }
alert-intel-named-by = 来源列表
alert-intel-withheld = 另有 { $count } 份列表提及，仅限其接收者知悉（TLP:RED）。
alert-intel-card = 该日志中的值出现在情报列表中（{ $kind }）。请确认是哪台主机、前后发生了什么；核对各来源的置信度与说明；在其他主机上查找同一指标。如确有通信，隔离主机并保全证据；如指标有误或属于常见流量，请将其加入白名单。

## 告警风暴

storm = 告警风暴
storm-about = 风暴：约 { $keys } 个对象
storm-keys = 该规则针对不断出现的新对象触发：约 { $keys } 个对象，{ $count } 次检测命中，合并在此告警中；风暴之前已产生的告警各自继续。
storm-rest = 另有 { $count } 次检测命中涉及其他对象。
