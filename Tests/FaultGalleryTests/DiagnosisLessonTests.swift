import GradientCheck
import Testing

@testable import FaultGallery

struct DiagnosisLessonTests {
  /// Whatever a check calls a mistake, `tiecheck faults NAME` has a lesson for it.
  @Test func everyNameHasALesson() {
    for id in Diagnosis.meanings.keys {
      let isTaught =
        DiagnosisLesson.named(id) != nil || !FaultCatalogue.faults(diagnosedAs: id).isEmpty
      #expect(isTaught, "\(id)")
    }
    #expect(Set(DiagnosisLesson.all.map(\.id)).count == DiagnosisLesson.all.count)
    for lesson in DiagnosisLesson.all {
      #expect(Diagnosis.meanings[lesson.id] != nil, "\(lesson.id)")
      #expect(!lesson.lesson.isEmpty && !lesson.formula.isEmpty && !lesson.remedy.isEmpty)
    }
  }
}
