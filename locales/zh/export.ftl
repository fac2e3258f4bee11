# 日志导出。

exports-lead = 日志文件在后台生成并保留一周。只有你能下载自己的文件。
exports-none = 没有导出
exports-none-hint = 检索日志后点击“导出”。
export-what = 日志
export-all = 全部日志
export-state = 状态
export-state-queued = 等待中
export-state-running = 写入中
export-state-done = 已完成
export-state-failed = 失败
export-state-cancelled = 已取消
export-state-expired = 已过保留期
export-progress = 进度
export-events = 条数
export-size = 大小
export-kept = 保留
export-until = 至 { $time }
export-actions = 操作
export-fetch = 下载
export-cancelled = 已取消
