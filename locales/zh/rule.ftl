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
