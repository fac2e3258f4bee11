# 检测规则。

rule-title = 规则名称
rule-log-source = 日志来源
rule-status = 成熟度
rule-status-stable = 稳定
rule-status-test = 测试
rule-status-experimental = 实验
rule-status-deprecated = 弃用
rule-status-unsupported = 不支持
rule-author = 作者
rule-path = 文件
rule-id = 规则编号
rule-text = 规则原文
rule-references = 参考资料
rule-reason = 未生效原因
rule-alerts = 查看告警
rules-live = 已生效
rules-inactive = 未生效
rules-inactive-none = 已加载的规则全部生效
rules-empty = 没有找到规则
rules-empty-hint = 没有名称、编号或标签包含该文字的规则。

backtest = 回测
backtest-own = 试用规则
backtest-run = 开始回测
backtest-running = 回测中…
backtest-span = 回溯范围
backtest-days = { $days } 天
backtest-result = 回测结果
backtest-hint = 用已存储的日志检验这段规则，效果与上线后一致。不保存，不告警，不通知任何人。
backtest-mistakes = 规则无法使用：
backtest-no-source = 平台接入的日志中没有该日志来源，规则不可能触发。
backtest-fires = { $fired ->
    [0] 不会触发。
   *[other] 会触发 { $fired } 次，涉及约 { $things } 个不同对象（按首个实体和日期计）。
}
backtest-looked = 共检查 { $records } 条日志，{ $from } 至 { $to }。
backtest-cost = 单条判定耗时 { $nanos } 纳秒。
backtest-part = 仅检查了最近的一部分：数据量超出在线回测上限，请缩短时间或只选一个客户。
backtest-sources = 涉及日志来源：{ $sources }
backtest-by-day = 按客户和日期
backtest-day = 日期（UTC）
backtest-fired = 触发次数
backtest-entities = 触发最多的对象
backtest-samples = 最近的相关日志
