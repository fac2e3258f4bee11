# 操作审计。

audit-time = 时间
audit-actor = 操作者
audit-by-token = { $name }（经由 { $token }）
audit-action = 操作
audit-object = 对象
audit-detail = 详情
audit-reason = 理由
audit-sealed = 已封存
audit-empty = 没有记录
audit-empty-hint = 没有符合筛选条件的记录。
