// The Chinese catalogue, loaded only by those who read it.
import account from "../../../locales/zh/account.ftl";
import alert from "../../../locales/zh/alert.ftl";
import audit from "../../../locales/zh/audit.ftl";
import baseline from "../../../locales/zh/baseline.ftl";
import customer from "../../../locales/zh/customer.ftl";
import device from "../../../locales/zh/device.ftl";
import event from "../../../locales/zh/event.ftl";
import exports from "../../../locales/zh/export.ftl";
import find from "../../../locales/zh/find.ftl";
import hunt from "../../../locales/zh/hunt.ftl";
import incident from "../../../locales/zh/incident.ftl";
import intel from "../../../locales/zh/intel.ftl";
import parser from "../../../locales/zh/parser.ftl";
import platform from "../../../locales/zh/platform.ftl";
import policy from "../../../locales/zh/policy.ftl";
import rule from "../../../locales/zh/rule.ftl";
import shell from "../../../locales/zh/shell.ftl";
import storage from "../../../locales/zh/storage.ftl";
import user from "../../../locales/zh/user.ftl";
import yara from "../../../locales/zh/yara.ftl";

export default [account, alert, audit, baseline, customer, device, event, exports, find, hunt, incident, intel, parser, platform, policy, rule, shell, storage, user, yara].join("\n");
