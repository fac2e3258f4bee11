# One's own account.

password = Password
password-hint = At least 12 characters
password-current = Present password
password-new = New password
password-set = Set password
password-was-set = Password set.
password-change = Change password
password-changed = Password changed. Your other sessions have ended.

sessions = Sessions
session-browser = Browser
session-address = Address
session-since = Since
session-until = Ends
session-end = End
session-ended = Session ended.

tokens = API tokens
tokens-none = No tokens.
tokens-note = A token acts for you with your own roles and customers.
token-name = What it is for
token-name-hint = Such as the name of the script
token-expires-hint = Empty: never
token-create = New token
token-created = New API token
token-revoked = Token revoked.
