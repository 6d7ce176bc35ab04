import CallControl
import Configuration
import Testing
import Transport

@Suite struct TenantDirectoryTests {
    @Test func `a snapshot finds by account, number and id, and an edit changes none that was taken`() {
        let directory = TenantDirectory([makeTenant("clinic", clinicNumber), makeTenant("salon", salonNumber)])
        let before = directory.snapshot
        let after = directory.replace(with: [makeTenant("salon", clinicNumber, account: otherAccount)])
        #expect(before.revision == 1 && before.tenant(ofNumber: clinicNumber)?.id == "clinic")
        #expect(before.tenants(ofAccount: account).map(\.id) == ["clinic", "salon"])
        #expect(after.revision == 2 && after.tenant(ofNumber: clinicNumber)?.id == "salon")
        #expect(after.tenants(ofAccount: account).isEmpty && after.tenant(id: "clinic") == nil)
        #expect(directory.snapshot.revision == 2)
    }

    @Test func `a lowered limit turns the next call away, and a tenant that is gone has no places`() throws {
        var limits = LimitConfiguration()
        let admission = Admission(limits: limits, tenants: [makeTenant("clinic", clinicNumber)])
        let first = try admission.admit("clinic")
        var clinic = makeTenant("clinic", clinicNumber)
        clinic.maximumCalls = 1
        admission.update(limits: limits, tenants: [clinic])
        #expect(admission.active(of: "clinic") == 1)
        #expect(throws: AdmissionRefusal.tenantFull) { _ = try admission.admit("clinic") }
        first.release()
        let second = try admission.admit("clinic")
        limits.maximumCalls = 1
        admission.update(limits: limits, tenants: [makeTenant("salon", salonNumber)])
        #expect(throws: AdmissionRefusal.full) { _ = try admission.admit("salon") }
        second.release()
        #expect(throws: AdmissionRefusal.unknownTenant) { _ = try admission.admit("clinic") }
        #expect(admission.active == 0)
    }
}
