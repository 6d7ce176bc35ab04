import CallControl
import Configuration
import Conversation
import Foundation
import Telemetry
import TurnStore

extension ServiceCore {
    /// Shard thread, when a call is set up or announced: what its agent is told. From the cache; built once per
    /// revision, and given a new day once a day.
    ///
    /// - Returns: nil when the tenant wrote nothing for this direction: the other direction's words never stand in (R13).
    func prompt(for grant: StreamGrant, of tenant: TenantRuntime) -> SessionPrompt? {
        let now = date
        let edition = grant.isOutsideHours ? tenant.promptsWhenClosed ?? tenant.prompts : tenant.prompts
        let other = grant.direction == .inbound ? grant.from : grant.to
        do throws(PromptError) {
            return try prompts.prompt(
                of: edition, direction: grant.direction,
                channel: PromptChannel(address: other, in: edition.source[grant.direction]),
                day: tenant.calendar.day(now), today: { tenant.calendar.today(now) }, callerContext: grant.context
            ) { remember($0, of: tenant) }
        } catch {
            let call = grant.call
            log.async { [logger] in
                logger.warning("no prompt for a call", ["call": .id(call), "reason": .failure(error)])
            }
            return nil
        }
    }

    /// An edit of the tenant was taken: its next calls find their prompts built. Any thread but a shard's.
    func renewPrompts(of tenant: TenantRuntime) {
        let now = date
        for edition in [tenant.prompts, tenant.promptsWhenClosed].compactMap(\.self) {
            prompts.renew(edition, day: tenant.calendar.day(now), today: { tenant.calendar.today(now) }) {
                remember($0, of: tenant)
            }
        }
    }

    /// The texts go into the store, where an old call's hash finds them. When there is no room for them the next call
    /// tries again.
    private func remember(_ prompt: SessionPrompt, of tenant: TenantRuntime) {
        let id = tenant.tenant.id
        store.appendDurably(.prompt(StoredPrompt(prompt, tenant: id, at: unixMilliseconds()))) { [prompts] outcome in
            if outcome == .refused { prompts.forget(tenant: id) }
        }
    }
}
