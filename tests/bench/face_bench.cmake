# SPDX-License-Identifier: Apache-2.0
find_package(nlohmann_json REQUIRED)
if(TARGET porchlight::vision)
  bench(face
    SOURCES faces/face_bench.cpp faces/persons.cpp faces/recipe.cpp ../vision/dlib_resnet.cpp
    ROOMS vision
    LIBS opencv_faces dlib_faces nlohmann_json::nlohmann_json)
  add_dependencies(face_bench models)
endif()
if(TARGET porchlight::vision)
  bench(vision
    SOURCES vision/vision_bench.cpp vision/street.cpp vision/strangers.cpp vision/verification.cpp
      faces/persons.cpp faces/recipe.cpp ../vision/dlib_resnet.cpp
    ROOMS vision
    LIBS opencv_faces dlib_faces nlohmann_json::nlohmann_json)
  add_dependencies(vision_bench models)
endif()
