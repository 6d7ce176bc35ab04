import Foundation
import FoundationXML

/// An answer to a voice webhook, read as strictly as the carrier does: its verbs in order.
package struct TwiMLDocument: Equatable {
    /// One element below `<Response>`, or below a verb.
    package struct Verb: Equatable {
        var name: String
        var attributes: [String: String]
        var text: String
        var children: [Verb]
    }

    /// The stream to open, when a verb asks for one.
    package struct Stream: Equatable {
        package var url: String
        package var parameters: [(name: String, value: String)]
        var name: String?
        var statusCallback: String?
        /// Where `<Connect>` wants to be asked for more once the stream is over.
        var action: String?

        package static func == (left: Stream, right: Stream) -> Bool {
            left.url == right.url && left.name == right.name && left.action == right.action
                && left.statusCallback == right.statusCallback
                && left.parameters.elementsEqual(right.parameters) { $0 == $1 }
        }
    }

    package struct Failure: Error, Equatable {
        var message: String
    }

    var verbs: [Verb]

    package init(_ bytes: [UInt8]) throws(Failure) {
        let reader = Reader()
        let parser = XMLParser(data: Data(bytes))
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse(), let root = reader.root else {
            throw Failure(message: "the answer is not XML: line \(parser.lineNumber)")
        }
        guard root.name == "Response" else {
            throw Failure(message: "the answer's root is <\(root.name)>, <Response> was expected")
        }
        let known: Set<String> = [
            "Connect", "Say", "Hangup", "Reject", "Pause", "Play", "Dial", "Redirect", "Record", "Gather", "Start",
            "Stop",
        ]
        for verb in root.children where !known.contains(verb.name) {
            throw Failure(message: "the answer has <\(verb.name)>, which is no verb")
        }
        verbs = root.children
    }

    /// The first `<Connect><Stream>`.
    /// - Throws: when it is there and cannot be used.
    package func stream() throws(Failure) -> Stream? {
        guard let connect = verbs.first(where: { $0.name == "Connect" }) else { return nil }
        guard let stream = connect.children.first(where: { $0.name == "Stream" }) else {
            throw Failure(message: "<Connect> has no <Stream>")
        }
        guard let url = stream.attributes["url"], !url.isEmpty else { throw Failure(message: "<Stream> has no url") }
        var parameters: [(name: String, value: String)] = []
        for child in stream.children {
            guard child.name == "Parameter", let name = child.attributes["name"], let value = child.attributes["value"]
            else { throw Failure(message: "<Stream> has a <\(child.name)> without name and value") }
            guard name.utf8.count + value.utf8.count < 500 else {
                throw Failure(message: "<Parameter name=\"\(name)\"> has 500 characters or more")
            }
            parameters.append((name, value))
        }
        return Stream(
            url: url, parameters: parameters, name: stream.attributes["name"],
            statusCallback: stream.attributes["statusCallback"], action: connect.attributes["action"])
    }

    /// Builds the tree as the parser goes.
    private final class Reader: NSObject, XMLParserDelegate {
        var root: Verb?
        private var open: [Verb] = []

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) { open.append(Verb(name: name, attributes: attributes, text: "", children: [])) }

        func parser(_ parser: XMLParser, foundCharacters text: String) {
            if !open.isEmpty { open[open.count - 1].text += text }
        }

        func parser(
            _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
        ) {
            guard var verb = open.popLast() else { return }
            verb.text = verb.text.trimmingCharacters(in: .whitespacesAndNewlines)
            if open.isEmpty { root = verb } else { open[open.count - 1].children.append(verb) }
        }
    }
}
