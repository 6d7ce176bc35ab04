extension TenantTools {
    func write(into fields: YAMLFields) {
        if !http.isEmpty {
            fields.list("tools", http) { fields, tool in
                fields.text("name", tool.name)
                fields.text("description", tool.description)
                fields.text("parameters", tool.parameters)
                fields.text("url", tool.url)
                fields.plain("method", tool.method.rawValue)
                Self.write(tool.headers, into: fields)
                fields.number("timeoutMilliseconds", tool.timeoutMilliseconds)
                fields.text("filler", tool.filler)
                fields.number("fillerMilliseconds", tool.fillerMilliseconds)
                fields.boolean("allowInsecure", tool.allowInsecure)
            }
        }
        if !transfer.destinations.isEmpty {
            fields.fields("transfer") {
                $0.list("destinations", transfer.destinations) { fields, destination in
                    fields.text("name", destination.name)
                    fields.text("purpose", destination.purpose.isEmpty ? nil : destination.purpose)
                    fields.text("to", destination.address)
                }
                $0.number("ringSeconds", transfer.ringSeconds)
                $0.text("callerId", transfer.callerID)
                $0.text("whenModelUnavailable", transfer.whenModelUnavailable)
            }
        }
        fields.boolean("sendDigits", sendsDigits)
        guard !remoteServers.isEmpty else { return }
        fields.list("mcpServers", remoteServers) { fields, server in
            fields.text("label", server.label)
            fields.text("url", server.url)
            Self.write(server.headers, into: fields)
            if let names = server.allowedTools { fields.texts("allowedTools", names) }
            fields.plain("approval", server.approval.rawValue)
        }
    }

    private static func write(_ headers: [HTTPTool.Header], into fields: YAMLFields) {
        fields.fields("headers") { inner in for header in headers { inner.secret(header.name, header.value) } }
    }
}
