# 我的账号。

password = 密码
password-hint = 至少 12 个字符
password-current = 当前密码
password-new = 新密码
password-set = 设置密码
password-was-set = 密码已设置。
password-change = 修改密码
password-changed = 密码已修改，您的其他会话已结束。

sessions = 登录会话
session-browser = 浏览器
session-address = 地址
session-since = 登录时间
session-until = 失效时间
session-end = 结束
session-ended = 会话已结束。

tokens = API 令牌
tokens-none = 没有令牌。
tokens-note = 令牌以您的身份操作，具有与您相同的角色和客户范围。
token-name = 用途
token-name-hint = 例如脚本名称
token-expires-hint = 留空表示永不失效
token-create = 新建令牌
token-created = 新的 API 令牌
token-revoked = 令牌已吊销。
