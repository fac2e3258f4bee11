// The English catalogue, loaded only by those who read it.
import account from "../../../locales/en/account.ftl";
import alert from "../../../locales/en/alert.ftl";
import audit from "../../../locales/en/audit.ftl";
import baseline from "../../../locales/en/baseline.ftl";
import customer from "../../../locales/en/customer.ftl";
import device from "../../../locales/en/device.ftl";
import event from "../../../locales/en/event.ftl";
import exports from "../../../locales/en/export.ftl";
import find from "../../../locales/en/find.ftl";
import hunt from "../../../locales/en/hunt.ftl";
import incident from "../../../locales/en/incident.ftl";
import intel from "../../../locales/en/intel.ftl";
import parser from "../../../locales/en/parser.ftl";
import platform from "../../../locales/en/platform.ftl";
import policy from "../../../locales/en/policy.ftl";
import rule from "../../../locales/en/rule.ftl";
import shell from "../../../locales/en/shell.ftl";
import storage from "../../../locales/en/storage.ftl";
import user from "../../../locales/en/user.ftl";
import yara from "../../../locales/en/yara.ftl";

export default [account, alert, audit, baseline, customer, device, event, exports, find, hunt, incident, intel, parser, platform, policy, rule, shell, storage, user, yara].join("\n");
