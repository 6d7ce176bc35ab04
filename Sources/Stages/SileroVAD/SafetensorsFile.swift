import AudioPipeline
import Foundation

/// A file of named tensors of 32-bit floats. Source: the safetensors format: a length of 8 bytes, little-endian, JSON of so
/// many bytes, and then the numbers.
struct SafetensorsFile {
    private struct Place: Decodable {
        var dtype: String
        var shape: [Int]
        var data_offsets: [Int]
    }
    /// What a name of the JSON stands for; what is said of the file as a whole is skipped.
    private struct Header: Decodable {
        var places: [String: Place] = [:]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for key in container.allKeys where key.stringValue != "__metadata__" {
                places[key.stringValue] = try container.decode(Place.self, forKey: key)
            }
        }
        struct Name: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }

    /// More than any network of this size needs.
    private static var longestHeader: Int { 1 << 20 }

    private let path: String
    private let places: [String: Place]
    private let numbers: Data

    /// - Throws: a file that cannot be read, or whose header does not hold.
    init(_ path: String) throws(StageFault) {
        self.path = path
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StageFault("weights \(path): cannot be read")
        }
        guard data.count > 8 else {
            throw StageFault("weights \(path): no safetensors file, it has \(data.count) bytes")
        }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(Self.longestHeader), Int(length) <= data.count - 8 else {
            throw StageFault("weights \(path): no safetensors file, its header would have \(length) bytes")
        }
        guard let header = try? JSONDecoder().decode(Header.self, from: data[8..<8 + Int(length)]) else {
            throw StageFault("weights \(path): its header is no JSON of tensors with dtype, shape and data_offsets")
        }
        places = header.places
        numbers = data[(8 + Int(length))...]
    }

    var names: Set<String> { Set(places.keys) }

    func shape(_ name: String) -> [Int]? { places[name]?.shape }

    /// The numbers of one tensor, its last dimension running fastest.
    /// - Throws: when it is missing, of another type or shape, or outside the file; when one is not finite.
    func tensor(_ name: String, _ shape: [Int]) throws(StageFault) -> [Float] {
        guard let place = places[name] else { throw StageFault("weights \(path): no tensor `\(name)`") }
        guard place.dtype == "F32" else {
            throw StageFault("weights \(path): `\(name)` is of type \(place.dtype); F32 was expected")
        }
        guard place.shape == shape else {
            throw StageFault("weights \(path): `\(name)` has the shape \(place.shape); \(shape) was expected")
        }
        let count = shape.reduce(1, *)
        let bounds = place.data_offsets
        guard bounds.count == 2, bounds[0] >= 0, bounds[1] <= numbers.count, bounds[1] - bounds[0] == 4 * count else {
            throw StageFault(
                "weights \(path): `\(name)` lies at \(bounds) of \(numbers.count) bytes; \(4 * count) were expected")
        }
        let start = numbers.startIndex + bounds[0]
        var values: [Float] = []
        values.reserveCapacity(count)
        for index in 0..<count {
            let at = start + 4 * index
            let bits =
                UInt32(numbers[at]) | UInt32(numbers[at + 1]) << 8 | UInt32(numbers[at + 2]) << 16
                | UInt32(numbers[at + 3]) << 24
            values.append(Float(bitPattern: bits))
        }
        guard values.allSatisfy(\.isFinite) else {
            throw StageFault("weights \(path): `\(name)` holds what is no number")
        }
        return values
    }
}
