# 日志保留与删除。

storage-kept = 保留
storage-kept-days = 日志保留天数
storage-kept-days-hint = 至少 { $days } 天；留空则用平台默认值。
storage-default = 未单独设置的客户，日志保留 { $days } 天。
storage-default-ever = 未单独设置的客户，日志永久保留。
storage-floor = 任何客户都不得少于 { $days } 天。
storage-days = { $days } 天
storage-ever = 永久
storage-by-default = （默认）
storage-size = 大小
storage-oldest = 最早的日志
storage-hold = 法律保全
storage-hold-hint = 目前不得删除的原因；留空表示没有保全。
storage-held = 保全中
storage-held-hint = 法律保全期间不删除任何日志。
storage-actions = 操作
storage-edit = 保留期与法律保全
storage-damaged = { $count } 个损坏的文件
storage-delete = 删除日志
storage-delete-title = 删除 { $name } 的日志
storage-delete-warning = 此时段的日志将永久删除，并生成删除证明，记录内容、时间和原因。
storage-delete-now = 永久删除
storage-reason = 原因
storage-reason-hint = 将写入删除证明。
storage-deleted = { $count ->
   *[other] 已删除 { NUMBER($count) } 条日志。
}
storage-nothing = 此时段没有日志，未删除任何内容。
storage-certificates = 删除证明
storage-no-certificates = 尚未删除过日志。
storage-certificate = 证明编号
storage-copy = 复制为 JSON
storage-asked-by = 申请人
storage-files = 文件数
storage-finished = 完成时间
storage-remains = 仍保留
deletion-cause-expired = 到期
deletion-cause-requested = 按要求
deletion-cause-damaged = 已损坏
