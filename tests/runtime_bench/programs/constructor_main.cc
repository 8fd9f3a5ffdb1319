// Returns what a constructor left: C++ without exceptions, as interpreters for microcontrollers are built.
namespace {

struct Counter {
    Counter() : value(3) {}
    int value;
};

Counter counter;

}  // namespace

int main(int, char **) { return counter.value; }
