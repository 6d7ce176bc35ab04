import ArgumentParser
import AudioPipeline
import Configuration
import Foundation
import PlugIns
import SpeechToText
import StageConformance

/// The half of the command that is for recognisers.
extension CheckStageCommand {
    /// Names that are of recognisers and of no detector.
    func isRecognizer(_ name: String, _ configured: PlugInConfiguration?) -> Bool {
        if configured?.detectors.contains(where: { $0.name == name }) == true || Stages.detectors[name] != nil {
            return false
        }
        return Stages.recognizers[name] != nil || configured?.recognizers.contains { $0.name == name } == true
    }

    func checkRecognizers(_ configured: PlugInConfiguration?, _ options: [String: String]) throws {
        guard record == nil else { throw CommandFailure("--record: a record is of a detector's library") }
        let known: KnownWords
        do { known = try KnownWords(folder: speech) } catch { throw CommandFailure("no recorded words: \(error)") }
        let reports = try names.map { name -> RecognizerReport in
            var settings = configured?.recognizers ?? []
            if !options.isEmpty {
                if let place = settings.firstIndex(where: { $0.name == name }) {
                    settings[place].options.merge(options) { $1 }
                } else {
                    var engine = PlugInSettings(name: name, door: .engine(name))
                    engine.options = options
                    settings.append(engine)
                }
            }
            if case .program(let command)? = settings.first(where: { $0.name == name })?.door {
                try Self.find(program: command[0], of: name)
            }
            let make: RecognizerEntry.Factory
            do throws(StageFault) { make = try PluggedRecognizers(settings).streams(name) } catch {
                throw CommandFailure("\(name): \(error)")
            }
            do throws(RecognitionError) {
                return try RecognizerCheck(name, known, make: make).run { complain($0) }
            } catch {
                // It can be named, and does not come up.
                return RecognizerReport(name, lost: error.description)
            }
        }
        if json {
            try printJSON(reports)
        } else {
            for report in reports {
                print("\(report.title)\n\(report.verdict.joined(separator: "\n"))\n")
                print(table(RecognizerReport.head, report.rows) + "\n")
            }
            print(table(RecognizerReport.summaryHead, reports.map(\.summaryRow)))
        }
        if let html { try write(RecognizerPage(reports).html, to: html) }
        if reports.contains(where: { !$0.passed }) { throw ExitCode(1) }
    }
}
