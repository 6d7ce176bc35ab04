extension ConversationAction: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable {
        case openModel = 1, closeModel, send, openUplink, holdUplink
        case pausePlayout = 10, resumePlayout, clearPlayout, playFallback
        case setDeadline = 20, clearDeadline, runTool, persist, hangUp, note, errand
        case openStandby = 40, sendStandby, switchToStandby, closeStandby, routeFailed, repeatUplink
    }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .openModel(let route):
            encoder.kind(JournalKind.openModel)
            encoder.put(route)
        case .closeModel: encoder.kind(JournalKind.closeModel)
        case .send(let command):
            encoder.kind(JournalKind.send)
            encoder.put(command)
        case .openStandby(let route):
            encoder.kind(JournalKind.openStandby)
            encoder.put(route)
        case .sendStandby(let command):
            encoder.kind(JournalKind.sendStandby)
            encoder.put(command)
        case .switchToStandby: encoder.kind(JournalKind.switchToStandby)
        case .closeStandby: encoder.kind(JournalKind.closeStandby)
        case .routeFailed(let route, let failure):
            encoder.kind(JournalKind.routeFailed)
            encoder.put(route)
            encoder.put(failure)
        case .repeatUplink(let milliseconds):
            encoder.kind(JournalKind.repeatUplink)
            encoder.put(milliseconds)
        case .openUplink: encoder.kind(JournalKind.openUplink)
        case .holdUplink: encoder.kind(JournalKind.holdUplink)
        case .pausePlayout: encoder.kind(JournalKind.pausePlayout)
        case .resumePlayout: encoder.kind(JournalKind.resumePlayout)
        case .clearPlayout: encoder.kind(JournalKind.clearPlayout)
        case .playFallback(let item):
            encoder.kind(JournalKind.playFallback)
            encoder.put(item)
        case .setDeadline(let timer, let deadline):
            encoder.kind(JournalKind.setDeadline)
            encoder.put(timer)
            encoder.put(deadline)
        case .clearDeadline(let timer):
            encoder.kind(JournalKind.clearDeadline)
            encoder.put(timer)
        case .runTool(let call):
            encoder.kind(JournalKind.runTool)
            encoder.put(call)
        case .errand(let what):
            encoder.kind(JournalKind.errand)
            encoder.put(what)
        case .persist(let fact):
            encoder.kind(JournalKind.persist)
            encoder.put(fact)
        case .hangUp(let reason):
            encoder.kind(JournalKind.hangUp)
            encoder.put(reason)
        case .note(let note):
            encoder.kind(JournalKind.note)
            encoder.put(note)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .openModel: self = .openModel(try decoder.value())
        case .closeModel: self = .closeModel
        case .send: self = .send(try decoder.value())
        case .openStandby: self = .openStandby(try decoder.value())
        case .sendStandby: self = .sendStandby(try decoder.value())
        case .switchToStandby: self = .switchToStandby
        case .closeStandby: self = .closeStandby
        case .routeFailed: self = .routeFailed(try decoder.value(), try decoder.value())
        case .repeatUplink: self = .repeatUplink(milliseconds: try decoder.value())
        case .openUplink: self = .openUplink
        case .holdUplink: self = .holdUplink
        case .pausePlayout: self = .pausePlayout
        case .resumePlayout: self = .resumePlayout
        case .clearPlayout: self = .clearPlayout
        case .playFallback: self = .playFallback(try decoder.value())
        case .setDeadline: self = .setDeadline(try decoder.value(), at: try decoder.value())
        case .clearDeadline: self = .clearDeadline(try decoder.value())
        case .runTool: self = .runTool(try decoder.value())
        case .errand: self = .errand(try decoder.value())
        case .persist: self = .persist(try decoder.value())
        case .hangUp: self = .hangUp(try decoder.value())
        case .note: self = .note(try decoder.value())
        }
    }
}

extension ModelCommand: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable {
        case configure = 1, createResponse, cancelResponse, truncate, deleteItem, createText, toolOutput, commitInput,
            clearInput
    }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .configure(let optionalFields):
            encoder.kind(JournalKind.configure)
            encoder.put(optionalFields)
        case .createResponse(let instructions):
            encoder.kind(JournalKind.createResponse)
            encoder.put(instructions)
        case .cancelResponse(let response):
            encoder.kind(JournalKind.cancelResponse)
            encoder.name(response)
        case .truncate(let item, let milliseconds):
            encoder.kind(JournalKind.truncate)
            encoder.put(item)
            encoder.put(milliseconds)
        case .deleteItem(let item):
            encoder.kind(JournalKind.deleteItem)
            encoder.put(item)
        case .createText(let role, let text):
            encoder.kind(JournalKind.createText)
            encoder.put(role)
            encoder.put(text)
        case .toolOutput(let call, let output):
            encoder.kind(JournalKind.toolOutput)
            encoder.put(call)
            encoder.put(output)
        case .commitInput: encoder.kind(JournalKind.commitInput)
        case .clearInput: encoder.kind(JournalKind.clearInput)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .configure: self = .configure(optionalFields: try decoder.value())
        case .createResponse: self = .createResponse(instructions: try decoder.value())
        case .cancelResponse: self = .cancelResponse(response: try decoder.optionalName())
        case .truncate: self = .truncate(item: try decoder.value(), audioEndMilliseconds: try decoder.value())
        case .deleteItem: self = .deleteItem(try decoder.value())
        case .createText: self = .createText(role: try decoder.value(), text: try decoder.value())
        case .toolOutput: self = .toolOutput(call: try decoder.value(), output: try decoder.value())
        case .commitInput: self = .commitInput
        case .clearInput: self = .clearInput
        }
    }
}

extension CallFact: JournalCoded {
    package enum JournalKind: UInt8, CaseIterable { case turn = 1, ended, hole, used }

    package func encode(into encoder: inout JournalEncoder) {
        switch self {
        case .turn(let turn):
            encoder.kind(JournalKind.turn)
            encoder.put(turn)
        case .hole(let hole):
            encoder.kind(JournalKind.hole)
            encoder.put(hole)
        case .ended(let reason, let instant):
            encoder.kind(JournalKind.ended)
            encoder.put(reason)
            encoder.put(instant)
        case .used(let usage):
            encoder.kind(JournalKind.used)
            encoder.put(usage)
        }
    }

    package init(from decoder: inout JournalDecoder) throws(JournalDamage) {
        switch try decoder.kind(JournalKind.self) {
        case .turn: self = .turn(try decoder.value())
        case .hole: self = .hole(try decoder.value())
        case .ended: self = .ended(try decoder.value(), at: try decoder.value())
        case .used: self = .used(try decoder.value())
        }
    }
}
