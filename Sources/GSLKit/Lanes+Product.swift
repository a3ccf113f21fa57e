extension Lanes {
  /// C := C + op(A) op(B), row-major: op(A) is m x k, op(B) is k x n, C is m x n; `lda` and `ldb` are
  /// the stored row lengths.
  ///
  /// Columns of op(B) are copied into a panel as wide as V, zeros where it sticks out, so that the
  /// inner loop reads them in order however B is stored; four rows of op(A) at a time meet each panel
  /// (K. Goto, R. van de Geijn, ACM TOMS 34, 2008, with one level of blocks: a batch is small). Each
  /// element of C is a sum over k in order, as in gslcblas.
  static func addProduct<V: SIMD & BitwiseCopyable>(
    _ lanes: V.Type, _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int,
    _ a: UnsafePointer<V.Scalar>, _ lda: Int, _ b: UnsafePointer<V.Scalar>, _ ldb: Int,
    _ c: UnsafeMutablePointer<V.Scalar>
  ) where V.Scalar: Scalar {
    // How far apart the rows and the columns of op(A) are, and of op(B).
    let (rowA, columnA) = transposeA ? (1, lda) : (lda, 1)
    let (rowB, columnB) = transposeB ? (1, ldb) : (ldb, 1)
    let width = V.scalarCount
    withUnsafeTemporaryAllocation(of: V.self, capacity: k) { buffer in
      let panel = buffer.baseAddress!
      var j = 0
      while j < n {
        let columns = Swift.min(width, n - j)
        pack(b + j * columnB, rowB, columnB, columns, k, panel)
        var i = 0
        while i + 4 <= m {
          let a0 = a + i * rowA
          let (a1, a2, a3) = (a0 + rowA, a0 + 2 * rowA, a0 + 3 * rowA)
          var (c0, c1, c2, c3) = (V(), V(), V(), V())
          var (p, at) = (0, 0)
          while p < k {
            c0 += a0[at] * panel[p]
            c1 += a1[at] * panel[p]
            c2 += a2[at] * panel[p]
            c3 += a3[at] * panel[p]
            at += columnA
            p += 1
          }
          add(c0, to: c + (i * n + j), columns)
          add(c1, to: c + ((i + 1) * n + j), columns)
          add(c2, to: c + ((i + 2) * n + j), columns)
          add(c3, to: c + ((i + 3) * n + j), columns)
          i += 4
        }
        while i < m {
          let a0 = a + i * rowA
          var c0 = V()
          var (p, at) = (0, 0)
          while p < k {
            c0 += a0[at] * panel[p]
            at += columnA
            p += 1
          }
          add(c0, to: c + (i * n + j), columns)
          i += 1
        }
        j += width
      }
    }
  }

  /// y := y + alpha x.
  @inline(__always)
  static func addScaled<S: Scalar>(
    _ alpha: S, _ x: UnsafePointer<S>, _ y: UnsafeMutablePointer<S>, _ count: Int
  ) {
    // The optimiser turns this into a loop over lanes by itself.
    var i = 0
    while i < count {
      y[i] += alpha * x[i]
      i += 1
    }
  }

  /// Copies `columns` columns of k elements side by side.
  @inline(__always)
  private static func pack<V: SIMD & BitwiseCopyable>(
    _ b: UnsafePointer<V.Scalar>, _ row: Int, _ column: Int, _ columns: Int, _ k: Int,
    _ panel: UnsafeMutablePointer<V>
  ) where V.Scalar: Scalar {
    var p = 0
    if columns == V.scalarCount && column == 1 {
      while p < k {
        panel[p] = UnsafeRawPointer(b + p * row).loadUnaligned(as: V.self)
        p += 1
      }
      return
    }
    while p < k {
      var lanes = V()
      var l = 0
      while l < columns {
        lanes[l] = b[p * row + l * column]
        l += 1
      }
      panel[p] = lanes
      p += 1
    }
  }

  /// Adds the first `count` lanes of v to c.
  @inline(__always)
  private static func add<V: SIMD & BitwiseCopyable>(
    _ v: V, to c: UnsafeMutablePointer<V.Scalar>, _ count: Int
  ) where V.Scalar: Scalar {
    if count == V.scalarCount {
      let c = UnsafeMutableRawPointer(c)
      c.storeBytes(of: c.loadUnaligned(as: V.self) + v, as: V.self)
      return
    }
    var l = 0
    while l < count {
      c[l] += v[l]
      l += 1
    }
  }
}
