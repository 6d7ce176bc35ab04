/// What an operator should hear of the store as it happens, once each. Holds nobody's data.
public enum StoreNotice: Sendable, Equatable {
    /// The database cannot be written; records go to the spool file from now on.
    case spilling(reason: String)
    /// All that waited is in the database again: so many records came out of the spool file.
    case recovered(fromFile: Int)
    /// The file's name led nowhere or elsewhere. `restored`: its contents were written there again; else the file that
    /// was found, or a new one, is used.
    case reopened(restored: Bool)
    /// The spool file ended within a record, cut off by a kill.
    case torn(bytes: Int)
    /// There is no spool file: it cannot be made, is not ours, or another process has it. Memory alone remains.
    case noSpoolFile
}
