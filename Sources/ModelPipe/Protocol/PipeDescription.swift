/// What a program says of itself, as it is documented in Protocol.md.
struct PipeDescription: Codable, Equatable {
  struct ParameterDescription: Codable, Equatable {
    var name: String
    var shape: [Int]
    var values: [Double]
    /// One of `PipePrecision`; the model's if nil.
    var precision: String?
    /// True where the program found no gradient, because the loss does not read the parameter.
    var unused: Bool?
    /// Places, or rows, that no use trains by design.
    var untrainedEntries: [Int]?
    var untrainedRows: [Int]?

    enum CodingKeys: String, CodingKey {
      case name, shape, values, precision, unused
      case untrainedEntries = "untrained_entries"
      case untrainedRows = "untrained_rows"
    }
  }

  struct UseDescription: Codable, Equatable {
    var layer: String
    /// The parameter's place.
    var parameter: Int
    var transposed: Bool?
    /// The layer's word for it where it uses the parameter several times, such as "step 3".
    var slot: String?
    /// True for a term of the loss.
    var lossTerm: Bool?
    /// True where what the use claims is deliberately not the derivative.
    var intended: Bool?
    /// Places, or rows, that this use does not train by design.
    var untrainedEntries: [Int]?
    var untrainedRows: [Int]?

    enum CodingKeys: String, CodingKey {
      case layer, parameter, transposed, slot, intended
      case lossTerm = "loss_term"
      case untrainedEntries = "untrained_entries"
      case untrainedRows = "untrained_rows"
    }
  }

  struct LayerDescription: Codable, Equatable {
    var name: String
    var type: String?
    /// Of its output.
    var width: Int?
  }

  /// What is said in the report and changes no verdict.
  struct RemarkDescription: Codable, Equatable {
    var about: String
    var parameters: [String]?
    var sentence: String
  }

  /// What the program itself found wrong.
  struct FaultDescription: Codable, Equatable {
    var id: String
    var parameters: [String]?
    var sentence: String
  }

  var `protocol`: String
  var name: String?
  /// One of `PipePrecision`.
  var precision: String?
  /// The loss's name.
  var loss: String?
  /// How many samples the loss is a mean over; nil where it is not one.
  var batch: Int?
  var parameters: [ParameterDescription]
  var uses: [UseDescription]?
  var layers: [LayerDescription]?
  /// Sets of layers that are meant to share a parameter.
  var ties: [[String]]?
  var optimizers: [OptimizerDescription]?
  var can: [String]
  /// Why the program cannot answer in Double.
  var doubleMissing: String?
  /// "apart" where the claims by use are made another way than the whole claim, and are not compared.
  var claimsByUse: String?
  var remarks: [RemarkDescription]?
  var faults: [FaultDescription]?

  enum CodingKeys: String, CodingKey {
    case `protocol`, name, precision, loss, batch, parameters, uses, layers, ties, optimizers, can
    case remarks, faults
    case doubleMissing = "double_missing"
    case claimsByUse = "claims_by_use"
  }
}

extension PipeDescription {
  /// An optimizer of the program, or what one group of its parameters has of its own.
  struct OptimizerDescription: Codable, Equatable {
    struct Clipping: Codable, Equatable {
      /// The length beyond which all gradients together are shortened.
      var norm: Double?
      /// The size beyond which each element is cut.
      var value: Double?
    }

    struct Group: Codable, Equatable {
      /// Names.
      var parameters: [String]
      var rates: Rates

      init(from decoder: any Decoder) throws {
        parameters = try decoder.container(keyedBy: CodingKeys.self)
          .decode([String].self, forKey: .parameters)
        rates = try Rates(from: decoder)
      }

      func encode(to encoder: any Encoder) throws {
        try rates.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(parameters, forKey: .parameters)
      }

      enum CodingKeys: String, CodingKey { case parameters }
    }

    /// The numbers of a rule. What is nil has the value that Protocol.md names.
    struct Rates: Codable, Equatable {
      var learningRate: Double?
      var momentum: Double?
      var nesterov: Bool?
      var weightDecay: Double?
      var smoothing: Double?
      var beta1: Double?
      var beta2: Double?
      var stabilizer: Double?
      /// "root", "inside" or "uncorrected".
      var stabilizerPlace: String?
      /// True where it climbs: the gradient counts with the other sign.
      var maximize: Bool?
      /// True for Adam with the largest second moment so far.
      var amsgrad: Bool?
      /// True where the weight decay acts on the weight itself, and not through the gradient.
      var decoupled: Bool?

      enum CodingKeys: String, CodingKey {
        case momentum, nesterov, smoothing, beta1, beta2, stabilizer, maximize, amsgrad, decoupled
        case learningRate = "learning_rate"
        case weightDecay = "weight_decay"
        case stabilizerPlace = "stabilizer_place"
      }

      /// These, and where they are nil the others.
      func over(_ others: Rates) -> Rates {
        var rates = others
        rates.learningRate = learningRate ?? others.learningRate
        rates.momentum = momentum ?? others.momentum
        rates.nesterov = nesterov ?? others.nesterov
        rates.weightDecay = weightDecay ?? others.weightDecay
        rates.smoothing = smoothing ?? others.smoothing
        rates.beta1 = beta1 ?? others.beta1
        rates.beta2 = beta2 ?? others.beta2
        rates.stabilizer = stabilizer ?? others.stabilizer
        rates.stabilizerPlace = stabilizerPlace ?? others.stabilizerPlace
        rates.maximize = maximize ?? others.maximize
        rates.amsgrad = amsgrad ?? others.amsgrad
        rates.decoupled = decoupled ?? others.decoupled
        return rates
      }
    }

    var name: String
    /// One that the checker has a reference for: "sgd", "rmsprop", "adam", "adamw".
    var rule: String
    var rates = Rates()
    /// "float" where its own numbers are rounded to Float, whatever the model's precision.
    var precision: String?
    /// Names of parameters that it is not meant to train.
    var frozen: [String]?
    /// Names of the parameters that it holds; nil where the program does not say.
    var holds: [String]?
    /// How many tensors it holds that are not the model's.
    var foreign: Int?
    /// Why it is not compared.
    var notCompared: String?
    var clip: Clipping?
    /// Groups with numbers of their own.
    var groups: [Group]?

    init(name: String, rule: String) {
      self.name = name
      self.rule = rule
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      name = try container.decode(String.self, forKey: .name)
      rule = try container.decode(String.self, forKey: .rule)
      precision = try container.decodeIfPresent(String.self, forKey: .precision)
      frozen = try container.decodeIfPresent([String].self, forKey: .frozen)
      holds = try container.decodeIfPresent([String].self, forKey: .holds)
      foreign = try container.decodeIfPresent(Int.self, forKey: .foreign)
      notCompared = try container.decodeIfPresent(String.self, forKey: .notCompared)
      clip = try container.decodeIfPresent(Clipping.self, forKey: .clip)
      groups = try container.decodeIfPresent([Group].self, forKey: .groups)
      rates = try Rates(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
      try rates.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(rule, forKey: .rule)
      try container.encodeIfPresent(precision, forKey: .precision)
      try container.encodeIfPresent(frozen, forKey: .frozen)
      try container.encodeIfPresent(holds, forKey: .holds)
      try container.encodeIfPresent(foreign, forKey: .foreign)
      try container.encodeIfPresent(notCompared, forKey: .notCompared)
      try container.encodeIfPresent(clip, forKey: .clip)
      try container.encodeIfPresent(groups, forKey: .groups)
    }

    enum CodingKeys: String, CodingKey {
      case name, rule, precision, frozen, holds, foreign, clip, groups
      case notCompared = "not_compared"
    }
  }
}
