/// The version of this service, as `--version` prints it and measurements are filed under.
public enum ServiceVersion {
    public static let current = "0.1.0"
}
