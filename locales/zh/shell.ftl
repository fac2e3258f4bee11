# 每个页面的外围：导航栏、命令面板、快捷键、状态、表单。

brand = Vedette
brand-claim = 托管安全运营平台
demo = 演示

## 登录

sign-in = 登录
sign-in-login = 登录名
sign-in-password = 密码
sign-in-busy = 正在登录…
sign-in-demo = 这是演示环境：可用的账号已在启动它的终端中列出。
sign-out = 退出登录

## 导航

nav-label = 页面
nav-workbench = 工作台
nav-incidents = 事件
nav-alerts = 告警
nav-events = 日志检索
nav-exports = 导出文件
nav-sql = SQL
nav-customers = 客户
nav-storage = 存储
nav-devices = 设备
nav-policies = 审核策略
nav-rules = 检测用例
nav-intel = 情报
nav-users = 用户
nav-audit = 操作审计
nav-account = 我的账号
skip-to-content = 跳到正文
page-not-found = 没有这个页面
page-not-found-hint = 地址可能有误，或者所指的内容已不存在。

## 实时

live-connecting = 正在连接
live-live = 实时
live-stale = 已中断
stale-banner = 实时数据流自 { $since } 起中断，当前内容可能已过时；恢复后会自动重新读取。

## 外观和语言

theme = 外观
theme-system = 跟随系统
theme-light = 浅色
theme-dark = 深色
theme-to-light = 切换到浅色
theme-to-dark = 切换到深色
theme-toggle = 切换深色与浅色
language = 语言
language-zh = 简体中文
language-en = English
language-other = English

## 命令

commands-general = 任意位置
commands-go = 前往
commands-list = 列表中
commands-page = 本页
commands-incident = 本事件
palette-open = 命令
palette-title = 命令面板
palette-hint = 输入命令、客户、事件编号或要检索的内容
palette-customer = 客户：{ $name }
palette-incident = 事件 #{ $number }
palette-search = 在日志中检索“{ $text }”
palette-saved = 已保存的检索：{ $name }
help-title = 键盘快捷键
list-next = 下一行
list-previous = 上一行
list-first = 第一行
list-last = 最后一行
list-open = 打开
list-fresh = 显示新到的内容
search-here = 检索或筛选
back-to-list = 返回列表

## 列表

list-new = { $count ->
   *[other] 新到 { $count } 条
}
list-more = 正在读取更多…
list-more-failed = 未能读取更多，重试
list-end = { $count ->
   *[other] 已到底，共 { $shown } 条
}
filter-text = 按文字筛选
all = 全部
any = 不限
none = 无
never = 永不
not-yet = 从未
yes = 是
no = 否
choose = 请选择…
actions = 操作
created = 创建时间

## 状态

loading = 正在加载…
retry = 重试
close = 关闭
dismiss = 不再显示
cancel = 取消
save = 保存
saved = 已保存
edit = 编辑
add = 添加
remove = 移除
delete = 删除
deleted = 已删除
enable = 启用
disable = 停用
done = 完成
copy = 复制
copied = 已复制
open-page = 在整页中打开
zone-customer = 客户当地时间
zone-there = 客户当地 { $time }

problem-bad-credentials = 登录名或密码不正确。
problem-too-many-attempts = 尝试次数过多，请几分钟后再试。
problem-forbidden = 您无权查看此内容
problem-forbidden-hint = 您的角色不包含该权限，管理员可在“用户”中调整。
problem-not-found = 内容不存在
problem-not-found-hint = 可能已被删除，或者属于您管辖范围之外的客户。
problem-conflict = 该内容刚被他人修改。
problem-conflict-hint = 请查看最新内容后重试。
problem-taken = 该名称已被使用。
problem-not-allowed-now = 当前状态下不能执行此操作。
problem-too-large = 内容超出服务器单次可接收的大小。
problem-invalid = 内容不符合要求，无法保存。
problem-too-costly = 这次检索超出了单次检索的上限。
problem-too-costly-hint = 请缩短时间、限定一个客户，或增加字段条件；以 * 开头的全文检索读取最多。（{ $detail }）
problem-searched-too-much = 你这一分钟内的检索已达到读取上限。
problem-searched-too-much-hint = 请等待一分钟或缩短时间范围。此限制避免一个人拖慢所有人。
problem-csrf = 会话已变更。
problem-csrf-hint = 请重新加载页面。
problem-unreachable = 无法连接服务器。
problem-unreachable-hint = 请检查网络。刚才的操作没有被记录。
problem-unavailable = 服务器暂时无法处理此请求。
problem-unexpected = 服务器处理时出现故障。

## 表单

form-required = 此项必填
field-length = 长度应为 { $least } 至 { $most } 个字符
field-at-most = 最多 { $most } 个字符
field-at-least = 至少 { $least } 个字符
field-between = 应在 { $least } 至 { $most } 之间
field-time-zone = 应为 IANA 时区名称，例如 Asia/Shanghai
field-addresses = 应为 IP 地址
field-ranges = 应为 CIDR 地址段，例如 10.1.0.0/16
field-many = 最多 { $most } 项
field-one-or-more = 应为 1 或更大
field-fingerprint = 应为证书的 SHA-256：64 位十六进制
field-future = 应为将来的时间
field-one-customer = 请先在检索中选定一个客户：未选客户的检索会被其他客户的人员看到
field-host = 应为地址或主机名
field-source = 应为日志源名称
field-person = 应为能看到该客户的在用账号
field-severities = 不能低于最低级别
form-check-fields = 有几项需要再检查一下。
form-keys = Ctrl Enter 提交，Esc 关闭
one-per-line = 每行一个
time-zone = 时区
time-zone-hint = IANA 名称，例如 Asia/Shanghai
minutes = { $count ->
   *[other] { $count } 分钟
}
