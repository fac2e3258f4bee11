# 操作审计。

audit-time = 时间
audit-actor = 操作者
audit-job = 平台：{ $job }
job-audit-policy = 审核策略
job-command-line = 命令行
job-defaults = 初始设置
job-demo = 演示
job-import = 导入
job-pipeline = 日志处理
job-sealer = 审计封存
job-sign-in = 登录
job-wake = 挂起到期
audit-by-token = { $name }（经由 { $token }）
audit-action = 操作
audit-object = 对象
audit-detail = 详情
audit-reason = 理由
audit-sealed = 已封存
audit-empty = 没有记录
audit-empty-hint = 没有符合筛选条件的记录。
