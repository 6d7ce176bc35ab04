import Foundation
import Yams

extension ServiceConfiguration {
    /// Tenants of a folder may be this many: more is a wrong folder.
    static let maximumTenantFiles = 10_000

    /// One tenant for each `.yaml` or `.yml` file of a folder, in the order of their names. Files that begin with a dot,
    /// as editors leave them behind, are nobody's.
    static func tenantFiles(in directory: String?, _ root: FieldReader) -> [FieldReader] {
        guard let directory else { return [] }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            root.report("tenantsDirectory", "no such folder, or not readable: \(directory)")
            return []
        }
        let files = names.filter { !$0.hasPrefix(".") && ($0.hasSuffix(".yaml") || $0.hasSuffix(".yml")) }.sorted()
        guard files.count <= maximumTenantFiles else {
            root.report(
                "tenantsDirectory", "\(directory) holds \(files.count) files; at most \(maximumTenantFiles) fit")
            return []
        }
        return files.compactMap { tenantFile(directory + "/" + $0, root) }
    }

    private static func tenantFile(_ file: String, _ root: FieldReader) -> FieldReader? {
        let document = root.document.include(file)
        guard let data = FileManager.default.contents(atPath: file), let text = String(validating: data, as: UTF8.self)
        else {
            document.report(nil, "", "is not readable as UTF-8 text")
            return nil
        }
        do {
            guard let node = try Yams.compose(yaml: text) else {
                document.report(nil, "", "is empty; one tenant's fields were expected (`id`, `numbers`, ...)")
                return nil
            }
            return FieldReader(node, path: "", document: document)
        } catch {
            document.add(problem(of: error, in: file))
            return nil
        }
    }
}
